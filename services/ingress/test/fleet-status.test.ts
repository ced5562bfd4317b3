import type { UpstreamReport } from '@sluice/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFleetStatus, type FleetStatusNeeds } from '../src/fleet-status.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const replicas = (['ingress', 'worker'] as const).map((service) => ({
  id: `${service}-1`,
  service,
  version: '1.2.3',
  startedAt: 1_780_000_000_000,
}));
const report: UpstreamReport = {
  id: 'u',
  ready: 1,
  cooling: 1,
  cooldowns: [{ credential: 'a', endsAt: 1_780_000_060_000, isRefused: false, reason: 'rate_limit' }],
  openCircuits: [{ model: 'm', failures: 5, cause: '503' }],
};

function setUp(over: Partial<FleetStatusNeeds> = {}, reader: Partial<FleetStatusNeeds['reader']> = {}) {
  let asked = 0;
  const status = createFleetStatus({
    limits: { maxConcurrentRequests: 10, queueSize: 5 },
    occupancy() {
      asked++;
      return Promise.resolve({ running: 3, waiting: 2, longestWaitMs: 40 });
    },
    shardCounts: () =>
      Promise.resolve([
        { waiting: 1, active: 2 },
        { waiting: 0, active: 1 },
      ]),
    reader: {
      replicas: () => Promise.resolve(replicas),
      wantUpstreams: () => Promise.resolve(),
      upstreams: () => Promise.resolve([report]),
      ...reader,
    },
    now: () => performance.now(),
    ...over,
  });
  return { status, asked: () => asked };
}

/** Reads the status while time passes. */
async function statusAfter(ms: number, status: () => Promise<unknown>): Promise<unknown> {
  const reading = status();
  await vi.advanceTimersByTimeAsync(ms);
  return await reading;
}

const away = () => Promise.reject(new Error('Command timed out'));
const silent = () => new Promise<never>(() => undefined);

describe('the status of the fleet', () => {
  it('has leases, queue, replicas and upstreams', async () => {
    expect(await setUp().status()).toEqual({
      fleet: {
        running_requests: 3,
        max_running_requests: 10,
        waiting_requests: 2,
        max_waiting_requests: 5,
        longest_wait_ms: 40,
      },
      queue: [
        { shard: 0, waiting: 1, active: 2 },
        { shard: 1, waiting: 0, active: 1 },
      ],
      replicas: [
        { id: 'ingress-1', service: 'ingress', version: '1.2.3', started_at: '2026-05-28T20:26:40.000Z' },
        { id: 'worker-1', service: 'worker', version: '1.2.3', started_at: '2026-05-28T20:26:40.000Z' },
      ],
      upstreams: [
        {
          id: 'u',
          credentials: { ready: 1, in_cooldown: 1 },
          cooldowns: [
            { credential: 'a', model: null, ends_at: '2026-05-28T20:27:40.000Z', refused: false, reason: 'rate_limit' },
          ],
          open_circuits: [{ model: 'm', failures: 5, cause: '503' }],
        },
      ],
    });
  });

  it('has database and outbox where records are kept', async () => {
    const stream = { batches: 1, oldest_ms: 20 };
    const records = {
      database: { status: 'ok', answer_ms: 2 },
      outbox: { ledger: stream, attempts: stream, logs: stream, bodies: stream },
    } as const;
    expect(await setUp({ records: () => Promise.resolve(records) }).status()).toMatchObject(records);
    expect(await setUp({ records: away }).status()).not.toHaveProperty('database');
  });

  it.each<[string, () => Promise<never>]>([
    ['rejects', away],
    ['does not answer within a second', silent],
  ])('has no figures if Redis %s', async (_what, ask) => {
    const { status } = setUp({ occupancy: ask, shardCounts: ask }, { replicas: ask });
    expect(await statusAfter(1000, status)).toMatchObject({
      fleet: { running_requests: null, max_running_requests: 10, waiting_requests: null, longest_wait_ms: null },
      queue: null,
      replicas: null,
      upstreams: null,
    });
  });

  it('waits for the first report of the workers, for a second at most', async () => {
    let reports = 0;
    const late = setUp({}, { upstreams: () => Promise.resolve(++reports < 4 ? undefined : [report]) });
    expect(await statusAfter(200, late.status)).toMatchObject({ upstreams: [{ id: 'u' }] });
    const never = setUp({}, { upstreams: () => Promise.resolve(undefined) });
    expect(await statusAfter(1000, never.status)).toMatchObject({ upstreams: null });
  });

  it('does not wait for a report while no worker lives', async () => {
    const { status } = setUp({}, { replicas: () => Promise.resolve(replicas.slice(0, 1)), upstreams: silent });
    expect(await status()).toMatchObject({ upstreams: null });
  });

  it('is read five times a second at most, however many ask', async () => {
    const { status, asked } = setUp();
    await Promise.all([status(), status(), status()]);
    expect(asked()).toBe(1);
    // None of these gets the page of the first three: it is older than the question.
    const later = Promise.all([status(), status()]);
    await vi.advanceTimersByTimeAsync(190);
    expect(asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(20);
    await later;
    expect(asked()).toBe(2);
  });
});
