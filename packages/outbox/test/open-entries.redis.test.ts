import { connect, createKeys } from '@sluice/redis';
import { redisTest, until } from '@sluice/testkit';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { createOpenEntries, createOpenSettler, type OpenCall } from '../src/index.ts';

const processId = 'worker-1';

function setUp(url: string, prefix: string) {
  const connection = connect({
    settings: { kind: 'single', url },
    role: 'writer',
    name: 'test',
    onError: () => undefined,
  });
  onTestFinished(() => connection.disconnect());
  const keys = createKeys(prefix);
  const openKey = keys.openAttempts(processId);
  const processesKey = keys.openAttemptWorkers;
  const onError = vi.fn<(error: unknown) => void>();
  const entries = createOpenEntries({ connection, processId, openKey, processesKey, onError });
  onTestFinished(() => entries.close());
  let now = 0;
  const settler = createOpenSettler({
    connection,
    processesKey,
    openKey: keys.openAttempts,
    aliveKey: keys.alive,
    outboxKey: keys.attempts,
    now: () => now,
  });
  const kept = async (): Promise<readonly string[]> =>
    Object.entries(await connection.hgetall(openKey))
      .map(([id, entry]) => `${id} ${entry}`)
      .toSorted();
  const untilKept = (...expected: readonly string[]) =>
    until(async () => (await kept()).join() === expected.join(), { what: `the entries ${expected.join()}` });
  return { connection, keys, entries, settler, untilKept, later: (ms: number) => void (now += ms) };
}

/** A call whose answer grows. */
function callOf(id: string, isStreamed = false): OpenCall & { grow(): void } {
  let tokens = 0;
  return {
    id,
    isStreamed,
    grow: () => void tokens++,
    progress: () => tokens,
    entry: () => `{"tokens":${tokens}}`,
  };
}

describe('the open entries of a process', () => {
  redisTest('follow the calls that run, and go with them', async ({ redisUrl, redis, keyPrefix }) => {
    const { keys, entries, untilKept } = setUp(redisUrl, keyPrefix);
    const [whole, streamed] = [callOf('a'), callOf('b', true)];
    entries.open(whole);
    entries.open(streamed);
    await untilKept('a {"tokens":0}', 'b {"tokens":0}');
    expect(await redis.pttl(keys.openAttempts(processId))).toBeGreaterThan(29 * 24 * 60 * 60 * 1000);
    whole.grow();
    streamed.grow();
    // That of the stream follows within a second.
    await untilKept('a {"tokens":1}', 'b {"tokens":0}');
    await untilKept('a {"tokens":1}', 'b {"tokens":1}');
    entries.end('a');
    await untilKept('b {"tokens":1}');
    entries.end('b');
    await entries.flush();
    expect(await redis.exists(keys.openAttempts(processId), keys.openAttemptWorkers)).toBe(0);
  });

  redisTest(
    'are not written for a call that ends in the turn of its beginning',
    async ({ redisUrl, redis, keyPrefix }) => {
      const { keys, entries, untilKept } = setUp(redisUrl, keyPrefix);
      entries.open(callOf('a'));
      entries.end('a');
      entries.open(callOf('b'));
      await untilKept('b {"tokens":0}');
      expect(await redis.smembers(keys.openAttemptWorkers)).toEqual([processId]);
    },
  );

  redisTest('hold more calls than one script takes, all of which go', async ({ redisUrl, redis, keyPrefix }) => {
    const { keys, entries } = setUp(redisUrl, keyPrefix);
    const ids = Array.from({ length: 950 }, (_, at) => `call-${at}`);
    for (const id of ids) entries.open(callOf(id));
    await until(async () => (await redis.hlen(keys.openAttempts(processId))) === ids.length, { what: 'all entries' });
    for (const id of ids) entries.end(id);
    await entries.flush();
    expect(await redis.exists(keys.openAttempts(processId))).toBe(0);
  });

  redisTest(
    'move to the outbox once their process is dead for five seconds',
    async ({ redisUrl, redis, keyPrefix }) => {
      const { keys, entries, settler, untilKept, later } = setUp(redisUrl, keyPrefix);
      await redis.set(keys.alive(processId), '1');
      for (let at = 0; at < 150; at++) entries.open(callOf(`call-${at}`));
      await until(async () => (await redis.hlen(keys.openAttempts(processId))) === 150, { what: 'all entries' });
      expect(await settler.settle()).toBe(0);
      later(60_000);
      expect(await settler.settle()).toBe(0);
      await redis.del(keys.alive(processId));
      expect(await settler.settle()).toBe(0);
      later(4999);
      expect(await settler.settle()).toBe(0);
      later(1);
      expect(await settler.settle()).toBe(150);
      const batches = await redis.xrange(keys.attempts, '-', '+');
      expect(batches.map(([, [, text = '']]) => (JSON.parse(text) as unknown[]).length)).toEqual([100, 50]);
      expect(await redis.exists(keys.openAttempts(processId), keys.openAttemptWorkers)).toBe(0);
      expect(await settler.settle()).toBe(0);
      // The process lives after all.
      entries.end('call-0');
      entries.open(callOf('last'));
      await untilKept('last {"tokens":0}');
    },
  );
});
