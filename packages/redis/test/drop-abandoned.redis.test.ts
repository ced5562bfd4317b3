import { redisTest, startRedis, until } from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';
import { connect, type ConnectionRole, type RedisConnection, untilReady } from '../src/index.ts';

async function open(url: string, role: ConnectionRole): Promise<RedisConnection> {
  const connection = connect({ settings: { kind: 'single', url }, role, name: 'test', onError: () => undefined });
  onTestFinished(() => connection.disconnect());
  await untilReady(connection);
  return connection;
}

describe('the time limit of a command', () => {
  redisTest('holds for each command by itself', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const connection = await open(server.url, 'command');
    const timed = async (command: Promise<unknown>): Promise<number> => {
      const startedAt = performance.now();
      await expect(command).rejects.toThrow('Command timed out');
      return performance.now() - startedAt;
    };
    await connection.set('a', '1');
    server.pause();
    const first = timed(connection.get('a'));
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 300, { what: 'time to pass' });
    const second = timed(connection.get('a'));
    for (const ms of await Promise.all([first, second])) {
      expect(ms).toBeGreaterThan(850);
      expect(ms).toBeLessThan(2000);
    }
    server.resume();
    expect(await connection.get('a')).toBe('1');
  });
});

describe('the commands of one turn', () => {
  redisTest('are sent before a connection closes', async ({ redis, redisUrl, keyPrefix }) => {
    const connection = await open(redisUrl, 'writer');
    connection.set(`${keyPrefix}:text`, 'ü€').catch(() => undefined);
    connection.set(`${keyPrefix}:bytes`, Buffer.from([0xff, 0x00, 0x80])).catch(() => undefined);
    connection.set(`${keyPrefix}:last`, 'x').catch(() => undefined);
    connection.disconnect();
    await until(async () => (await redis.exists(`${keyPrefix}:last`)) === 1, { what: 'the last command' });
    expect(await redis.get(`${keyPrefix}:text`)).toBe('ü€');
    expect(await redis.getBuffer(`${keyPrefix}:bytes`)).toEqual(Buffer.from([0xff, 0x00, 0x80]));
  });
});
