import { connect, createKeys, untilReady } from '@sluice/redis';
import { redisTest } from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';
import { createShards, queueName } from '../src/shards.ts';

async function setUp(redisUrl: string, keyPrefix: string, shards: number) {
  const settings = { kind: 'single', url: redisUrl } as const;
  const errors: unknown[] = [];
  const onError = (error: unknown): unknown => errors.push(error);
  const connection = connect({ settings, role: 'command', name: 'test', onError });
  onTestFinished(() => connection.disconnect());
  await untilReady(connection, 5000);
  const keys = createKeys(keyPrefix);
  const created = createShards({ connection, keys, shards, onError });
  onTestFinished(() => created.close());
  return { shards: created, connection, keys, errors };
}

const ids = Array.from({ length: 20 }, (_, at) => `r-${at}`);

describe('the shards of the queue', () => {
  redisTest('give each request its place: a queue and keys with the same hash tag', async ({ redisUrl, keyPrefix }) => {
    const { shards, keys } = await setUp(redisUrl, keyPrefix, 3);
    const places = ids.map((id) => ({ id, ...shards.placeOf(id) }));
    for (const { id, shard, record, body, queue } of places) {
      expect([record, body]).toEqual([keys.request(shard, id), keys.body(shard, id)]);
      expect(queue.toKey('wait')).toBe(`${keys.queuePrefix(shard)}:${queueName}:wait`);
    }
    expect(new Set(places.map(({ shard }) => shard))).toEqual(new Set([0, 1, 2]));
    expect(new Set(places.map(({ queue }) => queue)).size).toBe(3);
  });

  redisTest('give a request the same place in every process', async ({ redisUrl, keyPrefix }) => {
    const [one, other] = [await setUp(redisUrl, keyPrefix, 3), await setUp(redisUrl, keyPrefix, 3)];
    const placesOf = ({ shards }: typeof one) => ids.map((id) => shards.placeOf(id).shard);
    expect(placesOf(one)).toEqual(placesOf(other));
  });

  redisTest('count the jobs of each shard', async ({ redisUrl, keyPrefix }) => {
    const { shards, connection, errors } = await setUp(redisUrl, keyPrefix, 3);
    expect(await shards.counts()).toEqual(Array.from({ length: 3 }, () => ({ waiting: 0, active: 0 })));
    for (const id of ids) await shards.placeOf(id).queue.add('run', {});
    const expected = [0, 1, 2].map((shard) => ({
      waiting: ids.filter((id) => shards.placeOf(id).shard === shard).length,
      active: 0,
    }));
    expect(await shards.counts()).toEqual(expected);
    const { queue, shard } = shards.placeOf('r-0');
    await connection.lmove(queue.toKey('wait'), queue.toKey('active'), 'RIGHT', 'LEFT');
    expect(await shards.counts()).toEqual(
      expected.map(({ waiting, active }, at) =>
        at === shard ? { waiting: waiting - 1, active: 1 } : { waiting, active },
      ),
    );
    expect(errors).toEqual([]);
  });
});
