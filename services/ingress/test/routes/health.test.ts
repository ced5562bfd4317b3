import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHealthPages, type HealthNeeds, type ReplicaState } from '../../src/routes/health.ts';
import { createTotals } from '../../src/totals.ts';
import { configWith } from '../inference/fakes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Over {
  readonly state?: Partial<ReplicaState>;
  readonly occupancy?: HealthNeeds['occupancy'];
  readonly memoryLimitBytes?: number;
}

const occupied = { running: 3, waiting: 2, longestWaitMs: 40 };

function setUp({ state = {}, occupancy = () => Promise.resolve(occupied), memoryLimitBytes }: Over = {}) {
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
    occupancy,
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
    expect(pages.health(false)).toMatchObject({ status: 200, body: { status: health, redis } });
  });

  it('show clients nothing but the summary', async () => {
    const { pages } = setUp();
    expect(Object.keys(pages.health(false).body)).toEqual(['status', 'redis', 'draining', 'timestamp']);
    expect((await pages.status(false)).body).toEqual({ status: 'ok', redis: 'ok', draining: false });
  });

  it('show operators the sums since the start', () => {
    const { pages, totals } = setUp();
    expect(pages.health(true).body).toMatchObject({ stats: { total_requests: 0, error_rate: 0 } });
    for (const isError of [true, false, false]) totals.count({ durationMs: isError ? 100 : 10, isError });
    expect(pages.health(true).body).toMatchObject({
      version: '1.2.3',
      build_date: '2026-11-30',
      stats: { total_requests: 3, average_response_time: 40, error_rate: 33, current_connections: 5 },
    });
  });

  it('show operators the settings in force, in milliseconds', () => {
    const { retry, timeouts, limits } = configWith();
    expect(setUp().pages.health(true).body).toMatchObject({
      performance_mode: retry.mode,
      config: {
        max_retries: retry.maxAttempts - 1,
        request_timeout: timeouts.totalMs,
        max_concurrent_connections: limits.maxConcurrentRequests,
      },
    });
  });

  it('show operators the figures of the fleet', async () => {
    const { pages, totals } = setUp({ memoryLimitBytes: 64 * 1024 * 1024 });
    totals.count({ durationMs: 1, isError: true });
    expect((await pages.status(true)).body).toMatchObject({
      current_connections: 5,
      fleet: { running_requests: 3, waiting_requests: 2, longest_wait_ms: 40 },
      memory_limit_mb: 64,
      total_requests: 1,
      error_count: 1,
    });
  });

  it.each<[string, HealthNeeds['occupancy']]>([
    ['fails', () => Promise.reject(new Error('Command timed out'))],
    ['does not answer within a second', () => new Promise(() => undefined)],
  ])('show no figures of the fleet if Redis %s', async (_what, occupancy) => {
    const { pages } = setUp({ occupancy });
    const page = pages.status(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect((await page).body).toMatchObject({
      fleet: { running_requests: null, waiting_requests: null, longest_wait_ms: null },
      memory_limit_mb: null,
    });
  });
});
