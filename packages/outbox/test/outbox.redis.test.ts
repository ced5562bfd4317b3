import { connect, createKeys, type RedisConnection } from '@sluice/redis';
import { redisTest, startRedis, until } from '@sluice/testkit';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  bodyLimits,
  createOutboxReader,
  createOutboxWriter,
  ledgerLimits,
  logLimits,
  type OutboxLimits,
} from '../src/index.ts';

const connections: RedisConnection[] = [];
afterEach(() => {
  for (const connection of connections.splice(0)) connection.disconnect();
});

const schema = z.object({ id: z.string(), text: z.string().default('') });
type Entry = z.infer<typeof schema>;
const entry = (id: string, text = ''): Entry => ({ id, text });

function setUp(url: string, { prefix, limits = ledgerLimits }: { prefix: string; limits?: OutboxLimits }) {
  const connection = connect({
    settings: { kind: 'single', url },
    role: 'writer',
    name: 'test',
    onError: () => undefined,
  });
  connections.push(connection);
  const key = createKeys(prefix).attempts;
  const onShed = vi.fn<(count: number, where: string) => void>();
  const onError = vi.fn<(error: unknown) => void>();
  const onBroken = vi.fn<(id: string, reason: string) => void>();
  const writer = createOutboxWriter<Entry>({ connection, key, limits, onShed, onError, now: () => performance.now() });
  onTestFinished(() => writer.close());
  const reader = createOutboxReader<Entry>({ connection, key, schema, onBroken });
  const ids = async (): Promise<string[]> => (await reader.read(1000)).entries.map(({ id }) => id);
  return { connection, key, writer, reader, ids, onShed, onError, onBroken };
}

describe('the outbox', () => {
  redisTest('carries the entries of one turn in one XADD', async ({ redisUrl, redis, keyPrefix }) => {
    const { writer, reader, key } = setUp(redisUrl, { prefix: keyPrefix });
    writer.add(entry('a'));
    writer.add(entry('b'));
    expect(await writer.flush(5000)).toBe(true);
    expect(await redis.xlen(key)).toBe(1);
    expect(await redis.pttl(key)).toBeGreaterThan(29 * 24 * 60 * 60 * 1000);
    expect(await reader.read(10)).toEqual({
      entries: [entry('a'), entry('b')],
      upToId: expect.stringContaining('-') as string,
      broken: 0,
      isFull: false,
    });
  });

  redisTest('returns entries again until they are done', async ({ redisUrl, keyPrefix }) => {
    const { writer, reader, ids } = setUp(redisUrl, { prefix: keyPrefix });
    writer.add(entry('a'));
    await writer.flush(5000);
    writer.add(entry('b'));
    await writer.flush(5000);
    const first = await reader.read(1);
    expect(first.isFull).toBe(true);
    expect(await ids()).toEqual(['a', 'b']);
    await reader.done(first.upToId ?? '');
    expect(await ids()).toEqual(['b']);
  });

  redisTest('leaves out broken entries, and reports them', async ({ redisUrl, redis, keyPrefix }) => {
    const { reader, key, onBroken } = setUp(redisUrl, { prefix: keyPrefix });
    await redis.xadd(key, '*', 'e', '[{"id":"a"},{"id":7}]');
    await redis.xadd(key, '*', 'e', '{not json');
    await redis.xadd(key, '*', 'other', 'x');
    await redis.xadd(key, '*', 'e', '{"id":"b"}');
    const page = await reader.read(10);
    expect(page.entries).toEqual([entry('a'), entry('b')]);
    expect(page.broken).toBe(3);
    expect(onBroken).toHaveBeenCalledTimes(3);
    await reader.done(page.upToId ?? '');
    expect(await redis.xlen(key)).toBe(0);
  });

  redisTest("tells the age of the oldest batch on Redis's clock", async ({ redisUrl, redis, keyPrefix }) => {
    const { reader, key } = setUp(redisUrl, { prefix: keyPrefix });
    expect(await reader.lag()).toEqual({ length: 0, oldestAgeMs: 0 });
    const [seconds] = await redis.time();
    await redis.xadd(key, `${(Number(seconds) - 100) * 1000}-0`, 'e', '[]');
    const { length, oldestAgeMs } = await reader.lag();
    expect(length).toBe(1);
    expect(oldestAgeMs).toBeGreaterThanOrEqual(100_000);
    expect(oldestAgeMs).toBeLessThan(160_000);
  });

  redisTest('drops the oldest logs when they take too much of Redis', async ({ redisUrl, redis, keyPrefix }) => {
    const limits = logLimits(256 * 1024);
    const { writer, key, onShed } = setUp(redisUrl, { prefix: keyPrefix, limits });
    for (let at = 0; at < 1000; at++)
      await redis.xadd(key, '*', 'e', JSON.stringify([entry(`${at}`, 'x'.repeat(1000))]));
    writer.add(entry('last'));
    await writer.flush(5000);
    expect(onShed).toHaveBeenCalledWith(expect.any(Number), 'redis');
    expect(await redis.memory('USAGE', key)).toBeLessThan(limits.streamBytes ?? 0);
    expect((await redis.xrevrange(key, '+', '-', 'COUNT', 1))[0]?.[1][1]).toContain('last');
  });
});

describe('the order in which the outboxes are shed', () => {
  redisTest('begins with bodies: in Redis they get less room than logs', async ({ redisUrl, keyPrefix }) => {
    const quarter = 64 * 1024;
    const bodies = setUp(redisUrl, { prefix: `${keyPrefix}-bodies`, limits: bodyLimits(quarter) });
    const logs = setUp(redisUrl, { prefix: `${keyPrefix}-logs`, limits: logLimits(4 * quarter) });
    const ledger = setUp(redisUrl, { prefix: `${keyPrefix}-ledger` });
    for (let at = 0; at < 100; at++) {
      for (const { writer } of [bodies, logs, ledger]) {
        writer.add(entry(`${at}`, 'x'.repeat(2000)));
        await writer.flush(5000);
      }
    }
    expect(bodies.onShed).toHaveBeenCalledWith(expect.any(Number), 'redis');
    expect(await bodies.ids()).toContain('99');
    expect((await logs.ids()).length).toBe(100);
    expect((await ledger.ids()).length).toBe(100);
    expect([logs.onShed.mock.calls, ledger.onShed.mock.calls]).toEqual([[], []]);
  });

  it('begins with bodies in a process that does not reach Redis', { timeout: 30_000 }, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const bodies = setUp(redis.url, { prefix: 'bodies', limits: bodyLimits(1024) });
    const logs = setUp(redis.url, { prefix: 'logs', limits: logLimits(1024) });
    const ledger = setUp(redis.url, { prefix: 'ledger' });
    await redis.kill();
    // The usual sizes of a request's log, of its ledger entry, and of its two sealed bodies.
    for (let at = 0; at < 5000; at++) {
      logs.writer.add(entry(`${at}`, 'x'.repeat(700)));
      ledger.writer.add(entry(`${at}`, 'x'.repeat(500)));
      for (const kind of ['request', 'response']) bodies.writer.add(entry(`${at}-${kind}`, 'x'.repeat(1000)));
    }
    expect(bodies.onShed).toHaveBeenCalledWith(expect.any(Number), 'here');
    expect([logs.onShed.mock.calls, ledger.onShed.mock.calls]).toEqual([[], []]);
  });
});

describe('the outbox while Redis is away', () => {
  it('keeps entries, and writes again those that the lost Redis had', { timeout: 30_000 }, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const { writer, ids, onShed } = setUp(redis.url, { prefix: 'p' });
    writer.add(entry('before'));
    expect(await writer.flush(5000)).toBe(true);
    await redis.kill();
    writer.add(entry('meanwhile'));
    expect(await writer.flush(50)).toBe(false);
    await redis.restart();
    await until(async () => (await ids()).includes('before') && (await ids()).includes('meanwhile'), {
      what: 'both entries are in Redis',
    });
    expect(onShed).not.toHaveBeenCalled();
  });

  it('sheds the oldest beyond its bound, and reports them', { timeout: 30_000 }, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const limits = { waitingBytes: 10_000, keptBytes: 1000 };
    const { writer, ids, onShed } = setUp(redis.url, { prefix: 'p', limits });
    await redis.kill();
    for (let at = 0; at < 100; at++) writer.add(entry(`e${at}`, 'x'.repeat(200)));
    const shed = onShed.mock.calls.reduce((sum, [count]) => sum + count, 0);
    expect(shed).toBeGreaterThan(50);
    await redis.restart();
    await until(async () => (await ids()).includes('e99'), { what: 'the youngest entry is in Redis' });
    expect(await ids()).toHaveLength(100 - shed);
  });

  it('tries again while Redis refuses writes', { timeout: 30_000 }, async () => {
    const redis = await startRedis({ args: ['--maxmemory', '1'] });
    onTestFinished(() => redis.stop());
    const { connection, writer, ids, onError } = setUp(redis.url, { prefix: 'p' });
    writer.add(entry('a'));
    await until(() => onError.mock.calls.length > 0, { what: 'Redis has refused the batch' });
    await connection.config('SET', 'maxmemory', '0');
    expect(await writer.flush(5000)).toBe(true);
    expect(await ids()).toEqual(['a']);
  });
});
