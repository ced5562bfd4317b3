import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { redisTest, startMovableRedis, startRedisFailover, until } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, onTestFinished } from 'vitest';
import { connect, type ConnectionRole, defineScript, type RedisConnection, untilReady } from '../src/index.ts';

async function scene() {
  const redis = await startMovableRedis();
  onTestFinished(() => redis.stop());
  const [ofFirst, ofSecond] = [new Redis(redis.first.url), new Redis(redis.second.url)];
  onTestFinished(() => [ofFirst, ofSecond].forEach((admin) => admin.disconnect()));
  return {
    ...redis,
    ofSecond,
    async open(role: ConnectionRole): Promise<RedisConnection> {
      const settings = { kind: 'single', url: redis.url } as const;
      const connection = connect({ settings, role, name: 'test', onError: () => undefined });
      onTestFinished(() => connection.disconnect());
      await untilReady(connection, 5000);
      return connection;
    },
    untilBlocked: () =>
      until(async () => (await ofFirst.info('clients')).includes('blocked_clients:1'), { what: 'a blocked client' }),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-demotion-'));
const scriptPath = join(folder, 'write-1.lua');
writeFileSync(scriptPath, "redis.call('set', KEYS[1], ARGV[1]) return 'OK'");
afterAll(() => rmSync(folder, { recursive: true }));
const script = defineScript(pathToFileURL(scriptPath), String);

describe('a server that becomes a replica while its address goes to another', () => {
  redisTest('is left after the first refused command, which is repeated', async () => {
    const { open, demote, moveAddress, ofSecond } = await scene();
    const connections = await Promise.all([open('command'), open('writer')]);
    moveAddress();
    await demote();
    for (const [at, connection] of connections.entries()) {
      expect(await connection.set(`key-${at}`, 'x')).toBe('OK');
      expect(await ofSecond.get(`key-${at}`)).toBe('x');
    }
  });

  redisTest('is left without a warning of Node, however many commands it refuses', async () => {
    const { open, demote, moveAddress } = await scene();
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const connection = await open('command');
    moveAddress();
    await demote();
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => connection.set(`many-${at}`, 'x')));
    expect(answers).toEqual(answers.map(() => 'OK'));
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  });

  redisTest('is left by a script and by a pipeline too', async () => {
    const { open, demote, moveAddress, ofSecond } = await scene();
    const [byScript, byPipeline] = await Promise.all([open('command'), open('command')]);
    moveAddress();
    await demote();
    expect(await script.run(byScript, ['by-script'], ['x'])).toBe('OK');
    await byPipeline.pipeline().set('one', 'x').set('two', 'x').exec();
    expect(await ofSecond.mget('by-script', 'one', 'two')).toEqual(['x', 'x', 'x']);
  });

  redisTest('is left by waiting connections, for writes and for reads', async () => {
    for (const wait of [
      (connection: RedisConnection) => connection.bzpopmin('waited-for', 10),
      (connection: RedisConnection) => connection.xread('BLOCK', 10_000, 'STREAMS', 'stream', '$'),
    ]) {
      const { open, demote, moveAddress, untilBlocked, ofSecond } = await scene();
      const connection = await open('blocking');
      const taken = wait(connection);
      await untilBlocked();
      moveAddress();
      await demote();
      await until(async () => (await ofSecond.info('clients')).includes('blocked_clients:1'), {
        what: 'it to wait at the second server',
      });
      await ofSecond.zadd('waited-for', 1, 'member');
      await ofSecond.xadd('stream', '*', 'f', 'member');
      expect(JSON.stringify(await taken)).toContain('member');
    }
  });

  redisTest('is reconnected to only until the address leads elsewhere', async () => {
    const { open, demote, moveAddress, ofSecond } = await scene();
    const writer = await open('writer');
    let rounds = 0;
    writer.on('close', () => rounds++);
    await demote();
    const written = writer.set('late', 'x');
    await until(() => rounds >= 3, { what: 'three rounds' });
    moveAddress();
    expect(await written).toBe('OK');
    expect(await ofSecond.get('late')).toBe('x');
  });
});

describe('a server that the sentinels demote while it keeps running', () => {
  redisTest(
    'is left for its replacement',
    async () => {
      const failover = await startRedisFailover();
      onTestFinished(() => failover.stop());
      const connection = connect({
        settings: { kind: 'sentinel', name: failover.name, nodes: failover.sentinels },
        role: 'writer',
        name: 'test',
        onError: () => undefined,
      });
      onTestFinished(() => connection.disconnect());
      await untilReady(connection, 5000);
      const [sentinel] = failover.sentinels;
      const admin = new Redis({ host: String(sentinel?.host), port: Number(sentinel?.port) });
      const [ofMaster, ofReplica] = [new Redis(failover.master.url), new Redis(failover.replica.url)];
      onTestFinished(() => [admin, ofMaster, ofReplica].forEach((each) => each.disconnect()));
      // Refused with NOGOODSLAVE until the sentinel has news of the replica.
      await until(async () => (await admin.call('SENTINEL', 'FAILOVER', failover.name)) === 'OK', {
        what: 'the sentinel to replace the master',
      });
      // The old master loses every write that it accepts until then.
      await until(async () => (await ofMaster.info('replication')).includes('role:slave'), {
        what: 'the old master to be a replica',
        timeoutMs: 15_000,
      });
      expect(await connection.set('after', 'x')).toBe('OK');
      expect(await ofReplica.get('after')).toBe('x');
    },
    60_000,
  );
});

describe('a node of a cluster that answers READONLY', () => {
  redisTest('is left, and the command is repeated', async () => {
    const node = await startFakeNode();
    const settings = { kind: 'cluster', nodes: [{ host: '127.0.0.1', port: node.port }] } as const;
    const connection = connect({ settings, role: 'command', name: 'test', onError: () => undefined });
    onTestFinished(() => connection.disconnect());
    await untilReady(connection, 5000);
    expect(await connection.set('key', 'x')).toBe('OK');
    expect(node.writes()).toBe(2);
  });
});

/** A fake single node of a cluster that refuses the first write; a real cluster node cannot be made to do this. */
async function startFakeNode(): Promise<{ readonly port: number; writes(): number }> {
  const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
  let writes = 0;
  let port = 0;
  const replyTo = (command: string): string => {
    if (/\r\nset\r\n/i.test(command)) {
      return ++writes === 1 ? "-READONLY You can't write against a read only replica.\r\n" : '+OK\r\n';
    }
    if (/\r\nslots\r\n/i.test(command)) {
      return `*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n${bulk('127.0.0.1')}:${port}\r\n${bulk('a'.repeat(40))}`;
    }
    if (/\r\nhello\r\n/i.test(command)) return '-ERR unknown command HELLO\r\n';
    return /\r\ninfo\r\n/i.test(command) ? bulk('cluster_state:ok\r\n') : '+OK\r\n';
  };
  const server = createServer((socket) =>
    socket
      .on('error', () => undefined)
      .on('data', (piece: Buffer) => {
        const commands = piece
          .toString('latin1')
          .split(/^\*\d+\r\n/m)
          .filter((command) => command !== '');
        for (const command of commands) socket.write(replyTo(`\r\n${command}`));
      }),
  );
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
  return { port, writes: () => writes };
}
