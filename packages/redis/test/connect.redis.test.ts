import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer } from 'node:net';
import { redisTest, startChaosProxy, startRedis, until } from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';
import {
  connect,
  type ConnectionRole,
  findRefusal,
  isRedisUnavailable,
  type RedisConnection,
  RedisRefusal,
  untilReady,
} from '../src/index.ts';

function open(url: string, role: ConnectionRole): { connection: RedisConnection; errors: Error[] } {
  const errors: Error[] = [];
  const connection = connect({
    settings: { kind: 'single', url },
    role,
    name: `test-${role}`,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => connection.disconnect());
  return { connection, errors };
}

describe('a connection', () => {
  redisTest('shows its name to the server', async ({ redisUrl }) => {
    const { connection } = open(redisUrl, 'command');
    await untilReady(connection, 2000);
    expect(await connection.call('CLIENT', 'GETNAME')).toBe('test-command');
  });

  redisTest('for commands fails soon while Redis is away, and works again afterwards', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const { connection, errors } = open(server.url, 'command');
    await untilReady(connection, 2000);
    await server.kill();
    await until(() => connection.status !== 'ready', { what: 'the connection to be lost' });
    const failure: unknown = await connection.get('x').catch((error: unknown) => error);
    expect(isRedisUnavailable(failure)).toBe(true);
    await until(() => errors.length > 0, { what: 'the error of the refused connection' });
    await server.restart();
    await until(() => connection.status === 'ready', { what: 'the connection to be back' });
    expect(await connection.get('x')).toBe(null);
  });

  redisTest('for writes keeps its commands while Redis is away', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const { connection } = open(server.url, 'writer');
    await untilReady(connection, 2000);
    await server.kill();
    await until(() => connection.status !== 'ready', { what: 'the connection to be lost' });
    const written = connection.set('x', 'later');
    await server.restart();
    expect(await written).toBe('OK');
  });

  redisTest('for commands gives up on a link that went silent', async ({ redisUrl }) => {
    const { hostname, port } = new URL(redisUrl);
    const proxy = await startChaosProxy({ target: { host: hostname, port: Number(port) } });
    onTestFinished(() => proxy.close());
    const { connection } = open(proxy.through(redisUrl), 'command');
    await untilReady(connection, 2000);
    proxy.set({ kind: 'blackhole' });
    const failure: unknown = await connection.get('x').catch((error: unknown) => error);
    expect(isRedisUnavailable(failure)).toBe(true);
  });

  redisTest('for commands does not count the time in which its process stood still', async ({ redisUrl }) => {
    const { connection } = open(redisUrl, 'command');
    await untilReady(connection, 2000);
    const answer = connection.get('x');
    const since = performance.now();
    while (performance.now() - since < 1500);
    expect(await answer).toBe(null);
  });

  redisTest('for commands waits for a server that is late but answers', async ({ redisUrl }) => {
    const { connection } = open(redisUrl, 'command');
    await untilReady(connection, 2000);
    const work = `local since = redis.call('TIME')
      repeat
        local now = redis.call('TIME')
      until (now[1] - since[1]) * 1000000 + now[2] - since[2] > 250000
      return 1`;
    // Redis reads 16 KiB of commands, runs all of them, then answers.
    const filler = 'x'.repeat(20_000);
    const since = performance.now();
    const answers = await Promise.all(Array.from({ length: 6 }, () => connection.eval(work, 0, filler)));
    expect(answers).toEqual([1, 1, 1, 1, 1, 1]);
    expect(performance.now() - since).toBeGreaterThan(1200);
  });

  redisTest('sends the commands of one turn in one write', async ({ redisUrl }) => {
    const { hostname, port } = new URL(redisUrl);
    let pieces = 0;
    const counter = createServer((client) => {
      const server = connectSocket(Number(port), hostname);
      client.on('data', () => pieces++);
      client.pipe(server).pipe(client);
      client.on('error', () => undefined);
    });
    onTestFinished(() => void counter.close());
    await once(counter.listen(0, '127.0.0.1'), 'listening');
    const { connection } = open(`redis://127.0.0.1:${(counter.address() as AddressInfo).port}`, 'command');
    await untilReady(connection, 2000);
    pieces = 0;
    await Promise.all(Array.from({ length: 20 }, () => connection.ping()));
    expect(pieces).toBe(1);
  });

  redisTest('for commands survives the loss of its socket', async ({ redisUrl }) => {
    const { connection } = open(redisUrl, 'command');
    const { connection: other } = open(redisUrl, 'command');
    await Promise.all([connection, other].map((each) => untilReady(each, 2000)));
    const id = await connection.call('CLIENT', 'ID');
    const lost = new Promise((resolve) => connection.once('close', resolve));
    await other.call('CLIENT', 'KILL', 'ID', String(id));
    await lost;
    expect(await connection.ping()).toBe('PONG');
  });

  redisTest('with a wrong password is refused at once', async () => {
    const server = await startRedis({ args: ['--requirepass', 'right'] });
    onTestFinished(() => server.stop());
    const { connection } = open(server.url.replace('redis://', 'redis://:wrong@'), 'command');
    await expect(untilReady(connection, 5000)).rejects.toThrow(
      /^Redis refuses the credentials: WRONGPASS .* redis\.password, or the user and the password in REDIS_URL\.$/,
    );
    const { connection: without } = open(server.url, 'command');
    await expect(untilReady(without, 5000)).rejects.toThrow(
      /^Redis refuses the credentials: NOAUTH .* Set redis\.password/,
    );
  });

  redisTest('names the missing permission of its user in one sentence', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const { connection: admin } = open(server.url, 'command');
    await admin.call('ACL', 'SETUSER', 'ann', 'on', '>ann-secret', '~*', '+@all', '-xadd');
    const { connection } = open(server.url.replace('redis://', 'redis://ann:ann-secret@'), 'command');
    await untilReady(connection, 5000);
    const refusal = findRefusal(await connection.xadd('x', '*', 'a', 'b').catch((error: unknown) => error));
    expect(refusal).toBeInstanceOf(RedisRefusal);
    expect(refusal?.message).toMatch(
      /^The Redis user lacks a permission that Sluice needs: NOPERM .*xadd.*SECURITY\.md/,
    );
    expect(findRefusal(new Error('Connection is closed.'))).toBeUndefined();
  });

  redisTest('never uses another database than that in its URL', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const { connection: other } = open(server.url, 'command');
    for (const role of ['command', 'writer', 'blocking'] as const) {
      const { connection, errors } = open(`${server.url}/99`, role);
      void connection.set('x', 'astray').catch(() => undefined);
      await expect(untilReady(connection, 5000)).rejects.toThrow(/^Redis has no database .*DB index.*REDIS_URL/);
      await until(() => errors.length > 2, { what: 'it to try again' });
      expect(connection.status).not.toBe('ready');
    }
    expect(await other.get('x')).toBe(null);
    const { connection: third } = open(`${server.url}/3`, 'command');
    await untilReady(third, 5000);
    expect(await third.set('x', '1')).toBe('OK');
  });

  redisTest('reports a timeout if it is not ready in time', async () => {
    const { connection } = open('redis://127.0.0.1:1', 'command');
    await expect(untilReady(connection, 50)).rejects.toThrow('Redis did not answer within 50 ms');
  });
});
