import { loadConfig } from '@sluice/config';
import { firstRetryState, type Frame } from '@sluice/protocol';
import { createKeys, untilReady } from '@sluice/redis';
import { createRoster, joinFleet } from '@sluice/relay';
import { redisTest, until } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';
import { createActiveRuns } from '../../src/consumer/active-runs.ts';
import { createRedisLinks } from '../../src/worker/redis-links.ts';
import { jobWith } from '../scene.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const job = jobWith({ requestId: 'r', epoch: 1, ingressId: 'i-1', state: firstRetryState });
const frame: Frame = { requestId: 'r', epoch: 1, seq: 0, kind: 'cancel', data: '' };

/** A worker without a queue, and an ingress that only sends frames. */
async function setUp(redisUrl: string, keyPrefix: string) {
  const readFile = (): string => JSON.stringify({ keys: [{ key: 'sk-team-1-0001' }] });
  const { redis } = loadConfig({ env: { REDIS_URL: redisUrl }, cwd: '/srv', readFile });
  const keys = createKeys(keyPrefix);
  const runs = createActiveRuns();
  const errors: unknown[] = [];
  const metrics = { redisUp: () => undefined, relayRead: () => undefined };
  const onError = (error: unknown): void => void errors.push(error);
  const now = (): number => performance.now();
  const links = createRedisLinks({
    config: { redis },
    workerId: 'w-1',
    version: '1.2.3',
    keys,
    runs,
    metrics,
    onError,
    now,
  });
  closers.push(links.fleet.disconnect, links.fleet.close, links.enrolment.close);
  await untilReady(links.fleet.commands, 5000);
  await Promise.all([links.fleet.start(), links.enrolment.start()]);

  const got: Frame[] = [];
  const ingress = joinFleet({
    settings: { kind: 'single', url: redisUrl },
    service: 'ingress',
    processId: 'i-1',
    version: '1.2.3',
    keys,
    mailboxKeys: [keys.mailbox('i-1')],
    metrics,
    onLost: () => undefined,
    onFrames: (frames) => got.push(...frames),
    onError,
    now,
  });
  closers.push(ingress.disconnect, ingress.close);
  await untilReady(ingress.commands, 5000);
  await ingress.start();
  return { links, ingress, runs, got, keys, errors, onError, now };
}

describe('the links of a worker to Redis', () => {
  redisTest("pass an ingress's controls to the run", async ({ redisUrl, keyPrefix }) => {
    const { ingress, runs } = await setUp(redisUrl, keyPrefix);
    const run = runs.open(job);
    ingress.writer.send('w-1', frame);
    await until(() => run.signal.aborted, { what: 'the cancellation' });
    expect(run.signal.reason).toBe('cancelled');
  });

  redisTest('answer an ingress that asks for a run', async ({ redisUrl, keyPrefix }) => {
    const { links, ingress, got, errors } = await setUp(redisUrl, keyPrefix);
    links.memory.begin(job)?.claimed({ sent: 3 });
    for (const epoch of [1, 2]) ingress.writer.send('w-1', { ...frame, epoch, kind: 'probe' });
    await until(() => got.length === 2, { what: 'the answers' });
    expect(got.map(({ kind, epoch, data }) => [kind, epoch, JSON.parse(data)])).toEqual([
      ['holds', 1, { workerId: 'w-1', isOver: false, sent: 3 }],
      ['disclaims', 2, { workerId: 'w-1' }],
    ]);
    expect(errors).toEqual([]);
  });

  redisTest('end the runs of an ingress that is lost', async ({ redisUrl, keyPrefix }) => {
    const { links, ingress, runs } = await setUp(redisUrl, keyPrefix);
    const run = runs.open(job);
    links.fleet.liveness.watch('i-1');
    await ingress.close();
    await until(() => run.signal.aborted, { what: 'the loss' });
    expect(run.signal.reason).toBe('ingress_lost');
  });

  redisTest('end the runs of an ingress whose mailbox is gone', async ({ redisUrl, keyPrefix }) => {
    const { links, runs } = await setUp(redisUrl, keyPrefix);
    const run = runs.open({ ...job, ingressId: 'i-2' });
    links.fleet.writer.send('i-2', { ...frame, kind: 'data', data: 'x' });
    await until(() => run.signal.aborted, { what: 'the missing mailbox' });
    expect(run.signal.reason).toBe('ingress_lost');
  });

  redisTest('put the worker on the list of workers, and take it off at its end', async ({ redisUrl, keyPrefix }) => {
    const { links, ingress, keys, onError, now } = await setUp(redisUrl, keyPrefix);
    const roster = createRoster({ connection: ingress.commands, rosterKey: keys.workers, onError, now });
    await roster.start();
    closers.push(roster.close);
    expect(roster.members()).toEqual(['w-1']);
    await links.enrolment.close();
    await until(() => roster.members().length === 0, { what: 'the worker to leave' });
  });
});
