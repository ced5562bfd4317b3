import { describe, expect, it } from 'vitest';
import { createShardServers } from '../src/shard-servers.ts';

/** Servers whose ids can change, by the shard in a key. */
function setUp() {
  const ids = new Map([
    ['0', 'a'],
    ['1', 'b'],
  ]);
  const asked: string[] = [];
  let moves = 0;
  const servers = createShardServers({
    identify(key) {
      asked.push(key);
      return Promise.resolve(ids.get(key.split(':')[0] ?? '') ?? '');
    },
    keyIn: (shard) => `${shard}:any`,
    onMoved: () => moves++,
  });
  return { servers, ids, asked, moves: () => moves };
}

describe('the servers of shards', () => {
  it('are asked for their id once, by the key of the first command', async () => {
    const { servers, asked } = setUp();
    expect([await servers.of(0, '0:r'), await servers.of(0, '0:s'), await servers.of(1, '1:r')]).toEqual([
      'a',
      'a',
      'b',
    ]);
    expect(asked).toEqual(['0:r', '1:r']);
  });

  it('have moved when another one answers a command', async () => {
    const { servers, moves } = setUp();
    servers.learn(0, await servers.of(0, '0:r'));
    expect(moves()).toBe(0);
    servers.learn(0, 'other');
    servers.learn(0, 'other');
    expect(moves()).toBe(1);
    expect(await servers.of(0, '0:r')).toBe('other');
  });

  it('keep what was learnt while they were asked', async () => {
    const { servers, moves } = setUp();
    const asked = servers.of(0, '0:r');
    servers.learn(0, 'other');
    await asked;
    expect(await servers.of(0, '0:r')).toBe('other');
    expect(moves()).toBe(0);
  });

  it('are checked again where they are known', async () => {
    const { servers, ids, asked, moves } = setUp();
    await servers.of(1, '1:r');
    await servers.recheck();
    expect([asked, moves()]).toEqual([['1:r', '1:any'], 0]);
    ids.set('1', 'other');
    await servers.recheck();
    expect(moves()).toBe(1);
  });
});
