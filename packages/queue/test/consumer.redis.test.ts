import { setImmediate as turn } from 'node:timers/promises';
import { connect, type ConnectionRole, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { redisTest, until } from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';
import { createConsumer, createJobSeal, createSubmitter } from '../src/index.ts';
import { jobWith } from './job-with.ts';

/** A consumer whose first run lasts until `endFirst`; its other runs end at once. */
async function setUp(redisUrl: string, keyPrefix: string) {
  const errors: unknown[] = [];
  const onError = (error: unknown): unknown => errors.push(error);
  const open = (role: ConnectionRole): RedisConnection => {
    const connection = connect({ settings: { kind: 'single', url: redisUrl }, role, name: 'test', onError });
    onTestFinished(() => connection.disconnect());
    return connection;
  };
  const connection = open('command');
  await untilReady(connection, 5000);
  const keys = createKeys(keyPrefix);
  const seal = createJobSeal(undefined);
  const submitter = createSubmitter({ connection, keys, shards: 2, seal, onMoved: () => undefined, onError });
  const taken: string[] = [];
  const { promise: first, resolve: endFirst } = Promise.withResolvers<void>();
  let stoppedMs = 0;
  const consumer = createConsumer({
    connection: open('writer'),
    keys,
    shards: 2,
    concurrency: 50,
    seal,
    run: ({ requestId }) => (taken.push(requestId) === 1 ? first : Promise.resolve()),
    onForged: () => undefined,
    onIntakeStopped: (forMs) => (stoppedMs += forMs),
    onError,
  });
  onTestFinished(() => consumer.close());
  await consumer.start();
  const submit = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, () =>
        submitter.submit({ job: jobWith(), body: Buffer.from('{}'), deadlineAt: Date.now() + 60_000, ttlMs: 60_000 }),
      ),
    );
  await submit(1);
  await until(() => taken.length === 1, { what: 'the first run' });
  return { consumer, submit, taken, errors, endFirst, stoppedMs: () => stoppedMs };
}

/** Lets the event loop of this process stand still, then turn twice. */
async function lag(forMs: number): Promise<void> {
  const since = performance.now();
  while (performance.now() - since < forMs);
  await turn();
  await turn();
}

describe('a consumer whose event loop lags', () => {
  redisTest('takes hardly a job until the lag is over', async ({ redisUrl, keyPrefix }) => {
    const { submit, taken, errors, endFirst, stoppedMs } = await setUp(redisUrl, keyPrefix);
    await lag(400);
    const submitted = submit(40);
    await lag(250);
    await lag(250);
    // Each shard's blocking read may still bring the job that it was waiting for.
    expect(taken.length).toBeLessThanOrEqual(3);
    await submitted;
    await until(() => taken.length === 41, { what: 'all runs' });
    expect(stoppedMs()).toBeGreaterThan(200);
    expect(errors).toEqual([]);
    endFirst();
  });

  redisTest('takes jobs again when its last run has ended', async ({ redisUrl, keyPrefix }) => {
    const { submit, taken, endFirst } = await setUp(redisUrl, keyPrefix);
    await lag(400);
    endFirst();
    await submit(10);
    await until(() => taken.length === 11, { what: 'all runs' });
  });

  redisTest('drains meanwhile', async ({ redisUrl, keyPrefix }) => {
    const { consumer, endFirst, errors } = await setUp(redisUrl, keyPrefix);
    await lag(400);
    const drained = consumer.drain();
    endFirst();
    await drained;
    expect(errors).toEqual([]);
  });
});
