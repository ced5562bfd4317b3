import { access } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/processes/free-port.ts';
import { ping } from '../../src/redis/ping.ts';
import { type RedisOptions, type RedisServer, startRedis } from '../../src/redis/start-redis.ts';

async function start(options?: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

function connect(server: RedisServer, options: { readonly commandTimeout?: number } = {}): Redis {
  const redis = new Redis(server.url, { ...options, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

test('starts several servers at once, which persist and evict nothing', async () => {
  const servers = await Promise.all([start(), start(), start()]);
  expect(new Set(servers.map(({ port }) => port)).size).toBe(3);
  const redis = connect(servers[0]);
  expect(await redis.config('GET', 'save')).toEqual(['save', '']);
  expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  expect(await redis.call('DEBUG', 'SLEEP', '0')).toBe('OK');
});

test('starts on the given port, and says so if it is taken', async () => {
  const port = await freePort();
  expect((await start({ port })).url).toBe(`redis://127.0.0.1:${port}`);
  await expect(startRedis({ port })).rejects.toThrow('Address already in use');
});

test('does not answer while paused, and keeps its connections open', async () => {
  const server = await start();
  const redis = connect(server);
  await redis.set('key', 'kept');
  server.pause();
  const impatient = connect(server, { commandTimeout: 100 });
  await expect(impatient.get('key')).rejects.toThrow('Command timed out');
  const answer = redis.get('key');
  server.resume();
  expect(await answer).toBe('kept');
});

test('restarts empty on the same port after a kill', async () => {
  const server = await start();
  const redis = connect(server);
  const firstPid = server.pid;
  await redis.set('key', 'lost');
  await server.kill();
  await expect(ping(server.url)).rejects.toThrow('ECONNREFUSED');
  await server.restart();
  expect(server.pid).not.toBe(firstPid);
  expect(await redis.get('key')).toBeNull();
});

test('restarts with the data that its arguments made it write', async () => {
  const server = await start({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const redis = connect(server);
  await redis.set('key', 'kept');
  await server.restart();
  expect(await redis.get('key')).toBe('kept');
});

test('leaves neither process nor data behind', async () => {
  const server = await start();
  const redis = connect(server);
  const [, directory] = (await redis.config('GET', 'dir')) as [string, string];
  await server.stop();
  expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  await expect(access(directory)).rejects.toThrow('ENOENT');
});

test('shows the log of a server that does not start', async () => {
  await expect(startRedis({ args: ['--no-such-setting', 'x'] })).rejects.toThrow(
    /FATAL CONFIG FILE ERROR[^]*no-such-setting/,
  );
});
