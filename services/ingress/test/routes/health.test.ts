import { describe, expect, it } from 'vitest';
import type { FleetStatus } from '../../src/fleet-status.ts';
import { createHealthPages, type ReplicaState } from '../../src/routes/health.ts';
import { createTotals } from '../../src/totals.ts';
import { configWith } from '../inference/fakes.ts';

interface Over {
  readonly state?: Partial<ReplicaState>;
  readonly memoryLimitBytes?: number;
}

const fleetStatus: FleetStatus = {
  fleet: {
    running_requests: 3,
    max_running_requests: 10,
    waiting_requests: 2,
    max_waiting_requests: 5,
    longest_wait_ms: 40,
  },
  queue: [{ shard: 0, waiting: 1, active: 3 }],
  replicas: null,
  upstreams: null,
};

const recorded: Pick<FleetStatus, 'database'> = { database: { status: 'ok', answer_ms: 2 } };

function setUp({ state = {}, memoryLimitBytes }: Over = {}) {
  const config = configWith();
  const totals = createTotals();
  const pages = createHealthPages({
    version: '1.2.3',
    buildDate: '2026-11-30',
    config: {
      ...config,
      server: { ...config.server, ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }) },
    },
    state: () => ({
      isRedisUp: true,
      isRedisAway: false,
      isDraining: false,
      isRefusing: false,
      openRequests: 5,
      isMemoryFull: false,
      ...state,
    }),
    totals,
    fleetStatus: () => Promise.resolve(fleetStatus),
    records: () => recorded,
  });
  return { pages, totals };
}

describe('the pages of a replica', () => {
  it.each<[string, Partial<ReplicaState>, number, string, string, string]>([
    ['it is ready', {}, 200, 'ready', 'ok', 'ok'],
    ['Redis is away', { isRedisUp: false, isRedisAway: true }, 503, 'not ready', 'degraded', 'unreachable'],
    ['it drains', { isDraining: true }, 503, 'not ready', 'degraded', 'ok'],
    ['its memory is full', { isMemoryFull: true }, 200, 'ready', 'degraded', 'ok'],
  ])('while %s', (_what, state, status, readiness, health, redis) => {
    const { pages } = setUp({ state });
    expect(pages.livez()).toEqual({ status: 200, body: { status: 'ok' } });
    expect(pages.readyz()).toEqual({
      status,
      body: { status: readiness, redis, draining: state.isDraining === true },
    });
    expect(pages.health('probe')).toMatchObject({ status: 200, body: { status: health, redis } });
  });

  it('show clients nothing but the summary', async () => {
    const { pages } = setUp();
    expect(Object.keys(pages.health('probe').body)).toEqual(['status', 'redis', 'draining', 'timestamp']);
    expect((await pages.status('probe')).body).toEqual({ status: 'ok', redis: 'ok', draining: false });
  });

  it('show operators the sums since the start', () => {
    const { pages, totals } = setUp();
    expect(pages.health('all').body).toMatchObject({ stats: { total_requests: 0, error_rate: 0 } });
    for (const isError of [true, false, false]) totals.count({ durationMs: isError ? 100 : 10, isError });
    expect(pages.health('all').body).toMatchObject({
      version: '1.2.3',
      build_date: '2026-11-30',
      stats: { total_requests: 3, average_response_time: 40, error_rate: 33, current_connections: 5 },
    });
  });

  it('show operators the settings in force, in milliseconds', () => {
    const { retry, timeouts, limits } = configWith();
    expect(setUp().pages.health('all').body).toMatchObject({
      performance_mode: retry.mode,
      config: {
        max_retries: retry.maxAttempts - 1,
        request_timeout: timeouts.totalMs,
        max_concurrent_connections: limits.maxConcurrentRequests,
      },
    });
  });

  it('show operators the database', () => {
    expect(setUp().pages.health('all').body).toMatchObject(recorded);
  });

  it('show operators the figures of the fleet', async () => {
    const { pages, totals } = setUp({ memoryLimitBytes: 64 * 1024 * 1024 });
    totals.count({ durationMs: 1, isError: true });
    expect((await pages.status('all')).body).toMatchObject({
      current_connections: 5,
      ...fleetStatus,
      memory_limit_mb: 64,
      total_requests: 1,
      error_count: 1,
    });
  });

  it('show all clients the figures alone, if the operator wants that', async () => {
    const { pages } = setUp();
    expect((await pages.status('figures')).body).toMatchObject({ total_requests: 0, fleet: fleetStatus.fleet });
    expect(pages.health('figures').body).not.toHaveProperty('database');
    for (const detail of ['queue', 'replicas', 'upstreams']) {
      expect((await pages.status('figures')).body).not.toHaveProperty(detail);
    }
    expect(pages.health('figures').body).toHaveProperty('stats');
  });
});
