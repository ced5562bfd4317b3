import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { redisTest, type RedisServer, startRedis, until } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, onTestFinished } from 'vitest';
import { connect, type ConnectionRole, defineScript, type RedisConnection, untilReady } from '../src/index.ts';

/** Two servers behind one address, which leads to the first until it is told otherwise. */
async function scene() {
  const servers = [await startRedis(), await startRedis()] as const;
  const [first, second] = servers;
  for (const server of servers) onTestFinished(() => server.stop());
  const admins = servers.map(({ url }) => new Redis(url));
  onTestFinished(() => admins.forEach((admin) => admin.disconnect()));
  const [ofFirst, ofSecond] = admins as [Redis, Redis];
  let target: RedisServer = first;
  const sockets = new Set<Socket>();
  const address = createServer((client) => {
    const server = connectTcp(target.port, target.host);
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
  });
  onTestFinished(() => {
    address.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(address.listen(0, '127.0.0.1'), 'listening');
  const url = `redis://127.0.0.1:${(address.address() as AddressInfo).port}`;
  return {
    ofSecond,
    async open(role: ConnectionRole): Promise<RedisConnection> {
      const connection = connect({ settings: { kind: 'single', url }, role, name: 'test', onError: () => undefined });
      onTestFinished(() => connection.disconnect());
      await untilReady(connection, 5000);
      return connection;
    },
    /** The first server becomes a replica of the second; no connection is cut. */
    demote: () => ofFirst.replicaof(second.host, second.port),
    moveAddress: () => void (target = second),
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
  redisTest('is left with the first command that it refuses, which is sent again', async () => {
    const { open, demote, moveAddress, ofSecond } = await scene();
    const connections = await Promise.all([open('command'), open('writer')]);
    moveAddress();
    await demote();
    for (const [at, connection] of connections.entries()) {
      expect(await connection.set(`key-${at}`, 'x')).toBe('OK');
      expect(await ofSecond.get(`key-${at}`)).toBe('x');
    }
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

  redisTest('is left by those who wait at it, for what they write and what they read', async () => {
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

  redisTest('is come back to until the address leads elsewhere, and no longer', async () => {
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
