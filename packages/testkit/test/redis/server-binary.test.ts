import { expect, test } from 'vitest';
import { parseVersion, serverArguments } from '../../src/redis/server-binary.ts';

test.each([
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', { title: 'Redis 7.0.15', majorVersion: 7 }],
  ['Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', { title: 'Valkey 8.0.1', majorVersion: 8 }],
  ['Redis server v=6.2 sha=0', { title: 'Redis 6.2', majorVersion: 6 }],
  ['usage: redis-server', undefined],
])('reads %j', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

test('persists nothing, evicts nothing and listens on loopback', () => {
  const command = serverArguments({ port: 6400, directory: '/data', majorVersion: 7 }).join(' ');
  expect(command).toBe(
    '--port 6400 --bind 127.0.0.1 --dir /data --save  --appendonly no --maxmemory-policy noeviction ' +
      '--cluster-enabled no --enable-debug-command local',
  );
});

test('omits an option for a server that is too old for it', () => {
  expect(serverArguments({ port: 6400, directory: '/data', majorVersion: 6 })).not.toContain('--enable-debug-command');
});
