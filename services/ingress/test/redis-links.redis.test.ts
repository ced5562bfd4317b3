import { loadConfig } from '@sluice/config';
import { firstRetryState, type Frame } from '@sluice/protocol';
import { untilReady } from '@sluice/redis';
import { createEnrolment, joinFleet } from '@sluice/relay';
import { redisTest, until } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';
import { createRedisLinks } from '../src/redis-links.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** An ingress without HTTP, and a worker that only sends frames. */
async function setUp(redisUrl: string, keyPrefix: string) {
  const readFile = (): string => JSON.stringify({ keys: [{ key: 'sk-team-1-0001' }] });
  const config = loadConfig({ env: { REDIS_URL: redisUrl }, cwd: '/srv', readFile });
  const warnings: unknown[] = [];
  const errors: unknown[] = [];
  const counted: string[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const now = (): number => performance.now();
  const links = createRedisLinks({
    config: { ...config, redis: { ...config.redis, keyPrefix } },
    ingressId: 'i-1',
    version: '1.2.3',
    logger: { warn: (...line: unknown[]) => void warnings.push(line.at(-1)), error: () => undefined },
    pricing: { priceOf: () => ({ rates: {}, source: 'none', isKnown: false }) },
    metrics: {
      redisUp: () => undefined,
      relayRead: () => undefined,
      relayDropped: (reason) => void counted.push(reason),
      relayGap: () => void counted.push('gap'),
      outboxShed: () => undefined,
    },
    onError,
    now,
  });
  closers.push(links.fleet.disconnect, links.fleet.close, links.roster.close);
  closers.push(() => links.admission.close(0), links.submitter.close);
  await untilReady(links.fleet.commands, 5000);
  await Promise.all([links.fleet.start(), links.roster.start()]);

  const told: Frame[] = [];
  const worker = joinFleet({
    settings: { kind: 'single', url: redisUrl },
    service: 'worker',
    processId: 'w-1',
    version: '1.2.3',
    keys: links.keys,
    mailboxKeys: [links.keys.mailbox('w-1')],
    metrics: { redisUp: () => undefined, relayRead: () => undefined },
    onLost: () => undefined,
    onFrames: (frames) => told.push(...frames),
    onError,
    now,
  });
  closers.push(worker.disconnect, worker.close);
  await untilReady(worker.commands, 5000);
  await worker.start();
  return { links, worker, told, warnings, errors, counted, onError };
}

/** Queues a request of a client, and lists what it hears. */
async function begin({ links }: Awaited<ReturnType<typeof setUp>>) {
  const heard: string[] = [];
  const exchange = links.exchanges.begin(
    {
      job: {
        requestId: 'r',
        epoch: 1,
        ingressId: 'i-1',
        tenant: 't',
        model: 'm',
        stream: true,
        operation: 'chat',
        state: firstRetryState,
      },
      body: Buffer.from('{"model":"m"}'),
      deadlineAt: Date.now() + 60_000,
      remainingMs: 60_000,
      maxQueueWaitMs: 60_000,
    },
    {
      onStarted: (workerId) => heard.push(`started ${workerId}`),
      onAnswered: () => heard.push('answered'),
      onData: (text) => heard.push(text),
      onEnd: () => heard.push('end'),
      onError: ({ code }) => heard.push(code),
      onRerun: (reason) => heard.push(`rerun ${reason}`),
    },
  );
  closers.push(exchange.cancel);
  await exchange.submit();
  return { exchange, heard };
}

const started: Frame = { requestId: 'r', epoch: 1, seq: 0, kind: 'started', data: '{"workerId":"w-1"}' };

describe('the links of an ingress to Redis', () => {
  redisTest('carry a request to the queue, and frames to its client', async ({ redisUrl, keyPrefix }) => {
    const scene = await setUp(redisUrl, keyPrefix);
    const { exchange, heard } = await begin(scene);
    expect(await scene.links.submitter.counts()).toEqual({ waiting: 1, active: 0 });
    scene.worker.writer.send('i-1', started);
    scene.worker.writer.send('i-1', { ...started, seq: 1, kind: 'data', data: 'text' });
    scene.worker.writer.send('i-1', { ...started, seq: 2, kind: 'end', data: '{"events":1,"burntTokens":0}' });
    await exchange.ended;
    expect(heard).toEqual(['started w-1', 'text', 'end']);
    expect([scene.links.exchanges.size, scene.errors]).toEqual([0, []]);
  });

  redisTest('let a request run again whose worker is lost', async ({ redisUrl, keyPrefix }) => {
    const scene = await setUp(redisUrl, keyPrefix);
    const { heard } = await begin(scene);
    scene.worker.writer.send('i-1', started);
    await until(() => heard.length === 1, { what: 'the start' });
    await scene.worker.close();
    await until(() => heard.length === 2, { what: 'the loss' });
    expect(heard).toEqual(['started w-1', 'rerun worker_lost']);
  });

  redisTest('tell a worker to stop a run of an unknown request', async ({ redisUrl, keyPrefix }) => {
    const { worker, told, counted } = await setUp(redisUrl, keyPrefix);
    worker.writer.send('i-1', { ...started, requestId: 'unknown' });
    await until(() => told.length === 1, { what: 'the answer' });
    expect(told).toMatchObject([{ requestId: 'unknown', epoch: 1, kind: 'cancel' }]);
    expect(counted).toEqual(['unknown_request']);
  });

  redisTest('look for all runs when Redis has lost its data, and say so', async ({ redisUrl, keyPrefix }) => {
    const scene = await setUp(redisUrl, keyPrefix);
    const { links, warnings } = scene;
    await begin(scene);
    await links.fleet.commands.unlink(links.keys.mailbox('i-1'));
    await until(async () => (await links.submitter.counts()).waiting === 2, { what: 'the new job' });
    expect(warnings).toEqual(['redis has lost its data; runs that no worker has begun are queued again']);
  });

  redisTest('know the workers of the fleet', async ({ redisUrl, keyPrefix }) => {
    const { links, worker, onError } = await setUp(redisUrl, keyPrefix);
    const enrolment = createEnrolment({
      connection: worker.commands,
      rosterKey: links.keys.workers,
      processId: 'w-1',
      onError,
    });
    closers.push(enrolment.close);
    await enrolment.start();
    await until(() => links.roster.members().includes('w-1'), { what: 'the worker' });
    expect(links.roster.members()).toEqual(['w-1']);
    await links.roster.close();
  });
});
