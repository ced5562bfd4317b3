import type { ChatJob } from '@sluice/protocol';
import { createClaim, createConsumer, createForget, createJobSeal, createSubmitter } from '@sluice/queue';
import { connect, type ConnectionRole, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { redisTest, startChaosProxy, startMovableRedis, startRedis, until } from '@sluice/testkit';
import { afterEach, describe, expect, onTestFinished } from 'vitest';
import { jobWith } from './job-with.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function setUp(redisUrl: string, keyPrefix: string, shards = 2, secret?: string) {
  const seal = createJobSeal(secret);
  const open = (role: ConnectionRole): RedisConnection => {
    const connection = connect({
      settings: { kind: 'single', url: redisUrl },
      role,
      name: 'test',
      onError: () => undefined,
    });
    closers.push(() => connection.disconnect());
    return connection;
  };
  const connection = open('command');
  await untilReady(connection, 5000);
  const keys = createKeys(keyPrefix);
  const errors: unknown[] = [];
  const onError = (error: unknown): unknown => errors.push(error);
  let moves = 0;
  const forged: (string | undefined)[] = [];
  const submitter = createSubmitter({ connection, keys, shards, seal, onMoved: () => moves++, onError });
  const submit = (each: ChatJob, over: { body?: string; inMs?: number } = {}): Promise<string> =>
    submitter.submit({
      job: each,
      body: Buffer.from(over.body ?? '{}'),
      deadlineAt: Date.now() + (over.inMs ?? 60_000),
      ttlMs: 60_000,
    });
  return {
    connection,
    keys,
    submitter,
    submit,
    errors,
    moves: () => moves,
    claim: createClaim({ connection, keys, shards, workerId: 'w-1', seal }),
    forged,
    async consume(run: (each: ChatJob) => Promise<void>) {
      const consumer = createConsumer({
        connection: open('writer'),
        keys,
        shards,
        concurrency: 50,
        seal,
        run,
        onForged: (each) => forged.push(each?.requestId),
        onIntakeStopped: () => undefined,
        onError,
      });
      closers.push(() => consumer.close());
      await consumer.start();
      return consumer;
    },
  };
}

describe('a request in the queue', () => {
  redisTest('is claimed once, with its body and the remaining time', async ({ redisUrl, keyPrefix }) => {
    const { submit, claim: take } = await setUp(redisUrl, keyPrefix);
    const each = jobWith();
    await submit(each, { body: '{"grüße":"🙂"}', inMs: 5000 });
    const claims = await Promise.all([take(each), take(each), take(each)]);
    const [claimed, ...others] = claims.toSorted((a) => (a.kind === 'claimed' ? -1 : 1));
    expect(claimed).toMatchObject({ kind: 'claimed', body: '{"grüße":"🙂"}' });
    expect(others).toEqual([{ kind: 'taken' }, { kind: 'taken' }]);
    if (claimed?.kind !== 'claimed') return;
    expect(claimed.remainingMs).toBeGreaterThan(4000);
    expect(claimed.remainingMs).toBeLessThanOrEqual(5000);
  });

  redisTest(
    'is claimed once Redis answers again, even by a worker whose first reply was lost',
    async ({ keyPrefix }) => {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      const proxy = await startChaosProxy({ target: server });
      onTestFinished(() => proxy.close());
      const { submit, connection, keys } = await setUp(server.url, keyPrefix, 1);
      const { claim: take } = await setUp(proxy.through(server.url), keyPrefix, 1);
      const each = jobWith();
      await submit(each);
      proxy.set({ kind: 'blackhole', direction: 'down' });
      const claimed = take(each);
      const record = keys.request(0, each.requestId);
      await until(async () => (await connection.hget(record, 'claimed')) === '1', { what: 'the claim to arrive' });
      proxy.set({ kind: 'pass' });
      expect(await claimed).toMatchObject({ kind: 'claimed', body: '{}' });
    },
    20_000,
  );

  redisTest('is claimed together with the others of its turn, each by itself', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter, claim: take } = await setUp(redisUrl, keyPrefix);
    const all = Array.from({ length: 120 }, () => jobWith());
    await Promise.all(all.map((each) => submit(each, { body: each.requestId })));
    const withdrawn = jobWith();
    await submit(withdrawn);
    await submitter.withdraw(withdrawn);
    const claims = await Promise.all([...all, ...all.slice(0, 1), withdrawn].map(take));
    expect(claims.slice(0, all.length).map((claim) => (claim.kind === 'claimed' ? claim.body : claim.kind))).toEqual(
      all.map(({ requestId }) => requestId),
    );
    expect(claims.slice(all.length).map(({ kind }) => kind)).toEqual(['taken', 'gone']);
  });

  redisTest('is not claimed when it is late, withdrawn or superseded', async ({ redisUrl, keyPrefix }) => {
    const { submit, claim: take, submitter } = await setUp(redisUrl, keyPrefix);
    const late = jobWith();
    await submit(late, { inMs: -1 });
    expect(await take(late)).toEqual({ kind: 'late' });

    const withdrawn = jobWith();
    await submit(withdrawn);
    expect(await submitter.withdraw(withdrawn)).toBe(false);
    expect(await take(withdrawn)).toEqual({ kind: 'gone' });

    const superseded = jobWith();
    await submit(superseded);
    expect(await submitter.resubmit({ job: { ...superseded, epoch: 2 } })).toBe('queued');
    expect(await take(superseded)).toEqual({ kind: 'outdated' });
    expect(await take({ ...superseded, epoch: 2 })).toMatchObject({ kind: 'claimed', body: '{}' });
  });

  redisTest('reports on withdrawal whether a worker had claimed it', async ({ redisUrl, keyPrefix }) => {
    const { submit, claim: take, submitter } = await setUp(redisUrl, keyPrefix);
    const each = jobWith();
    await submit(each);
    await take(each);
    expect(await submitter.withdraw(each)).toBe(true);
    expect(await submitter.withdraw(each)).toBe(false);
  });

  redisTest('is removed only by the worker of its latest run', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter, connection, keys } = await setUp(redisUrl, keyPrefix, 1);
    const each = jobWith();
    await submit(each);
    await submitter.resubmit({ job: { ...each, epoch: 2 } });
    await createForget({ connection, keys, shards: 1 })(each);
    expect(await connection.exists(keys.request(0, each.requestId))).toBe(1);
    await createForget({ connection, keys, shards: 1 })({ ...each, epoch: 2 });
    expect(await connection.hgetall(keys.request(0, each.requestId))).toEqual({ ended: '2' });
    expect(await connection.pttl(keys.request(0, each.requestId))).toBeGreaterThan(0);
    expect(await connection.exists(keys.body(0, each.requestId))).toBe(0);
  });

  redisTest('is removed together with the others that end at the same time', async ({ redisUrl, keyPrefix }) => {
    const shards = 2;
    const { submit, submitter, connection, keys } = await setUp(redisUrl, keyPrefix, shards);
    const resubmitted = jobWith();
    const all = [resubmitted, ...Array.from({ length: 120 }, () => jobWith())];
    await Promise.all(all.map((each) => submit(each)));
    await submitter.resubmit({ job: { ...resubmitted, epoch: 2 } });
    await Promise.all(all.map(createForget({ connection, keys, shards })));
    const bodies = await connection.keys(`${keyPrefix}:*:body:*`);
    expect(bodies.map((key) => key.split(':').at(-1))).toEqual([resubmitted.requestId]);
    expect((await connection.keys(`${keyPrefix}:*:req:*`)).length).toBe(all.length);
  });

  redisTest('is not opened again by a command after its end', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter, connection, keys, claim: take } = await setUp(redisUrl, keyPrefix, 1);
    const each = jobWith();
    await submit(each);
    await take(each);
    await createForget({ connection, keys, shards: 1 })(each);
    expect(await submit(each)).toBe('unknown');
    expect(await take(each)).toEqual({ kind: 'gone' });
    expect(await submitter.resubmit({ job: { ...each, epoch: 2 } })).toBe('gone');
    expect(await submit({ ...each, epoch: 2 })).toBe('queued');
  });

  redisTest('is neither opened nor taken back on a server after a takeover', async ({ keyPrefix }) => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const { submit, submitter, connection, claim: take, moves } = await setUp(server.url, keyPrefix, 1);
    const [each, late] = [jobWith(), jobWith()];
    await submit(each);
    await connection.call('SAVE');
    await server.kill();
    await server.restart();
    expect(await submit(late)).toBe('unknown');
    expect(await take(each)).toEqual({ kind: 'moved' });
    expect(await take(late)).toEqual({ kind: 'gone' });
    expect(await submitter.takeBack({ ...each, epoch: 2 })).toEqual({ kind: 'unknown' });
    expect(moves()).toBe(1);
    expect(await submitter.resubmit({ job: { ...each, epoch: 2 } })).toBe('queued');
    expect(await take({ ...each, epoch: 2 })).toMatchObject({ kind: 'claimed' });
  });

  redisTest('is claimed if its ingress stored no server id', async ({ redisUrl, keyPrefix }) => {
    const { submit, connection, keys, claim: take } = await setUp(redisUrl, keyPrefix, 1);
    const each = jobWith();
    await submit(each);
    await connection.hdel(keys.request(0, each.requestId), 'server');
    expect(await take(each)).toMatchObject({ kind: 'claimed' });
  });

  redisTest('is taken back unless a worker has claimed it', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter, claim: take } = await setUp(redisUrl, keyPrefix);
    const [free, claimed] = [jobWith(), jobWith()];
    await Promise.all([submit(free), submit(claimed)]);
    await take(claimed);
    expect(await submitter.takeBack({ ...free, epoch: 2 })).toEqual({ kind: 'taken_back' });
    expect(await take(free)).toEqual({ kind: 'outdated' });
    expect(await submitter.takeBack({ ...claimed, epoch: 2 })).toEqual({ kind: 'claimed', workerId: 'w-1' });
    expect(await submitter.takeBack(jobWith({ epoch: 2 }))).toEqual({ kind: 'unknown' });
  });

  redisTest('is found in the list until a worker takes it', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter, consume } = await setUp(redisUrl, keyPrefix);
    const each = jobWith();
    await submit(each);
    expect(await submitter.find(each)).toBe('listed');
    const { promise: running, resolve: end } = Promise.withResolvers<void>();
    await consume(() => running);
    await until(async () => (await submitter.find(each)) === 'taken', { what: 'it to be taken' });
    end();
    await until(async () => (await submitter.find(each)) === 'gone', { what: 'it to be gone' });
  });

  redisTest('cannot be submitted again once it is gone', async ({ redisUrl, keyPrefix }) => {
    const { submitter } = await setUp(redisUrl, keyPrefix);
    expect(await submitter.resubmit({ job: jobWith({ epoch: 2 }) })).toBe('gone');
  });

  redisTest('leaves the waiting list when it is withdrawn', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter } = await setUp(redisUrl, keyPrefix);
    const jobs = Array.from({ length: 8 }, () => jobWith());
    await Promise.all(jobs.map((each) => submit(each)));
    expect(await submitter.counts()).toEqual({ waiting: 8, active: 0 });
    await Promise.all(jobs.map((each) => submitter.withdraw(each)));
    expect(await submitter.counts()).toEqual({ waiting: 0, active: 0 });
  });

  redisTest('reaches a consumer on every shard, and leaves nothing behind', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter, consume, connection, errors } = await setUp(redisUrl, keyPrefix, 3);
    const seen: string[] = [];
    await consume((each) => Promise.resolve(void seen.push(each.requestId)));
    const jobs = Array.from({ length: 30 }, () => jobWith());
    await Promise.all(jobs.map((each) => submit(each)));
    await until(() => seen.length === 30, { what: 'all jobs to run' });
    expect(seen.toSorted()).toEqual(jobs.map(({ requestId }) => requestId).toSorted());
    await Promise.all(jobs.map((each) => submitter.withdraw(each)));
    const isGone = async (): Promise<boolean> =>
      (await connection.keys(`${keyPrefix}*`)).every((name) => !/:r-|:req:|:body:/.test(name));
    await until(isGone, { what: 'jobs and records to be gone' });
    expect(errors).toEqual([]);
  });

  redisTest('is not run again after a failed run', async ({ redisUrl, keyPrefix }) => {
    const { submit, consume, submitter, errors } = await setUp(redisUrl, keyPrefix);
    let runs = 0;
    await consume(() => {
      runs++;
      return Promise.reject(new Error('boom'));
    });
    await submit(jobWith());
    await until(() => errors.length === 1, { what: 'the error to be reported' });
    await until(async () => (await submitter.counts()).active === 0, { what: 'the job to be over' });
    expect([runs, (await submitter.counts()).waiting]).toEqual([1, 0]);
  });

  redisTest('is finished before a consumer has drained', async ({ redisUrl, keyPrefix }) => {
    const { submit, consume } = await setUp(redisUrl, keyPrefix);
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const consumer = await consume(async () => {
      started.resolve();
      await go.promise;
    });
    await submit(jobWith());
    await started.promise;
    let hasDrained = false;
    const drained = consumer.drain().then(() => (hasDrained = true));
    await submit(jobWith());
    expect(hasDrained).toBe(false);
    go.resolve();
    await drained;
  });
});

const secret = 'a-secret-of-the-operator-0001';
const delivered = { content: 'half an answer', reasoning: '', chunks: 3 };

describe('a request in the queue of a fleet with a secret', () => {
  redisTest('is unreadable in Redis, and open to a worker with the secret', async ({ redisUrl, keyPrefix }) => {
    const { submit, submitter, claim: take, connection, keys } = await setUp(redisUrl, keyPrefix, 1, secret);
    const each = jobWith();
    await submit(each, { body: '{"messages":"my prompt"}' });
    expect((await connection.get(keys.body(0, each.requestId))) ?? '').not.toContain('prompt');
    await submitter.resubmit({ job: { ...each, epoch: 2 }, delivered });
    expect(JSON.stringify(await connection.hgetall(keys.request(0, each.requestId)))).not.toContain('half');
    expect(await take({ ...each, epoch: 2 })).toMatchObject({ body: '{"messages":"my prompt"}', delivered });
  });

  redisTest('is unreadable to a worker without the secret, or with another one', async ({ redisUrl, keyPrefix }) => {
    const { submit } = await setUp(redisUrl, keyPrefix, 1, secret);
    const without = await setUp(redisUrl, keyPrefix, 1);
    const other = await setUp(redisUrl, keyPrefix, 1, 'another-secret-0001');
    const [one, two] = [jobWith(), jobWith()];
    await Promise.all([submit(one), submit(two)]);
    expect(await without.claim(one)).toMatchObject({
      kind: 'unreadable',
      reason: expect.stringMatching(/no SLUICE_SECRET_KEY/),
    });
    expect(await other.claim(two)).toMatchObject({
      kind: 'unreadable',
      reason: expect.stringMatching(/different SLUICE_SECRET_KEY/),
    });
  });

  redisTest('is refused when another process has written its body', async ({ redisUrl, keyPrefix }) => {
    const { submit, claim: take, connection, keys } = await setUp(redisUrl, keyPrefix, 1, secret);
    const [plain, foreign, source] = [jobWith(), jobWith(), jobWith()];
    await Promise.all([submit(plain), submit(foreign), submit(source)]);
    await connection.set(keys.body(0, plain.requestId), '{"messages":[]}');
    await connection.copy(keys.body(0, source.requestId), keys.body(0, foreign.requestId), 'REPLACE');
    expect(await take(plain)).toMatchObject({ kind: 'unreadable', reason: expect.stringMatching(/not encrypted/) });
    expect(await take(foreign)).toMatchObject({
      kind: 'unreadable',
      reason: expect.stringMatching(/decryption failed/),
    });
  });

  redisTest('runs only if its job is signed', async ({ redisUrl, keyPrefix }) => {
    const { submit, consume, forged } = await setUp(redisUrl, keyPrefix, 1, secret);
    const unsigned = await setUp(redisUrl, keyPrefix, 1);
    const other = await setUp(redisUrl, keyPrefix, 1, 'another-secret-0001');
    const seen: string[] = [];
    await consume((each) => Promise.resolve(void seen.push(each.requestId)));
    const [genuine, plain, foreign] = [jobWith(), jobWith(), jobWith()];
    await Promise.all([submit(genuine), unsigned.submit(plain), other.submit(foreign)]);
    await until(() => seen.length + forged.length === 3, { what: 'all jobs to be checked' });
    expect([seen, new Set(forged)]).toEqual([[genuine.requestId], new Set([plain.requestId, foreign.requestId])]);
  });

  redisTest('keeps the deadline of its job', async ({ redisUrl, keyPrefix }) => {
    const { submit, claim: take } = await setUp(redisUrl, keyPrefix, 1, secret);
    const each = jobWith({ deadlineAt: Date.now() - 1 });
    await submit(each, { inMs: 60_000 });
    expect(await take(each)).toEqual({ kind: 'late' });
  });
});

describe('a server that becomes a replica while its address goes to another', () => {
  redisTest('is abandoned by the submitter and by the consumer', async ({ keyPrefix }) => {
    const redis = await startMovableRedis();
    onTestFinished(() => redis.stop());
    const { submit, consume } = await setUp(redis.url, keyPrefix, 2);
    const taken: string[] = [];
    await consume(({ requestId }) => {
      taken.push(requestId);
      return Promise.resolve();
    });
    const before = jobWith();
    await submit(before);
    await until(() => taken.includes(before.requestId), { what: 'the job before' });
    redis.moveAddress();
    await redis.demote();
    const after = Array.from({ length: 4 }, () => jobWith());
    for (const each of after) await submit(each);
    await until(() => after.every(({ requestId }) => taken.includes(requestId)), {
      what: 'the jobs after',
      timeoutMs: 10_000,
    });
    expect(taken).toHaveLength(5);
  });
});
