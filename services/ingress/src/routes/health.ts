import { setTimeout as delay } from 'node:timers/promises';
import type { Occupancy } from '@sluice/admission';
import type { Page } from '@sluice/lifecycle';
import type { Request, RequestHandler } from 'express';
import type { Totals } from '../totals.ts';

/** The state that this replica knows of itself. */
export interface ReplicaState {
  readonly isRedisUp: boolean;
  /** For so long that no request can wait for it. */
  readonly isRedisAway: boolean;
  readonly isDraining: boolean;
  /** Draining, and no new request is taken any more. */
  readonly isRefusing: boolean;
  readonly openRequests: number;
}

export interface HealthNeeds {
  readonly version: string;
  readonly state: () => ReplicaState;
  readonly totals: Pick<Totals, 'requests' | 'errors' | 'meanDurationMs'>;
  /** Over all replicas. */
  readonly maxConcurrentRequests: number;
  /** Requests that run and wait over all replicas. Rejects while Redis is away. */
  readonly occupancy: () => Promise<Pick<Occupancy, 'running' | 'waiting' | 'longestWaitMs'>>;
}

/** While Redis does not answer within this time, what it knows is `null`. */
const occupancyMs = 1000;

/** The pages about this replica: in full for operators, as far as a probe needs them for anybody else. */
export interface HealthPages {
  /** The process answers. Says nothing of Redis, or a Redis outage would restart the whole fleet. */
  livez(): Page;
  /** Tells whether this replica may get requests. */
  readyz(): Page;
  /** A summary; 200 while the process lives. */
  health(inFull: boolean): Page;
  /** This replica in numbers. */
  status(inFull: boolean): Promise<Page>;
}

export function createHealthPages({
  version,
  state,
  totals,
  maxConcurrentRequests,
  occupancy,
}: HealthNeeds): HealthPages {
  const summary = (): object => {
    const { isRedisUp, isDraining } = state();
    return {
      status: isRedisUp && !isDraining ? 'ok' : 'degraded',
      redis: isRedisUp ? 'ok' : 'unreachable',
      draining: isDraining,
    };
  };
  return {
    livez: () => ({ status: 200, body: { status: 'ok' } }),
    readyz() {
      const { isRedisUp, isDraining } = state();
      const isReady = isRedisUp && !isDraining;
      return { status: isReady ? 200 : 503, body: { ...summary(), status: isReady ? 'ready' : 'not ready' } };
    },
    health(inFull) {
      const { requests, errors, meanDurationMs } = totals;
      const body = { ...summary(), timestamp: new Date().toISOString() };
      if (!inFull) return { status: 200, body };
      const stats = {
        total_requests: requests,
        average_response_time: Math.round(meanDurationMs),
        error_rate: requests === 0 ? 0 : Math.round((errors / requests) * 100),
        current_connections: state().openRequests,
      };
      return { status: 200, body: { ...body, version, stats } };
    },
    async status(inFull) {
      if (!inFull) return { status: 200, body: summary() };
      const { requests, errors } = totals;
      const known = await Promise.race([occupancy(), delay(occupancyMs, undefined, { ref: false })]).catch(
        () => undefined,
      );
      return {
        status: 200,
        body: {
          ...summary(),
          version,
          current_connections: state().openRequests,
          max_connections: maxConcurrentRequests,
          fleet: {
            running_requests: known?.running ?? null,
            waiting_requests: known?.waiting ?? null,
            longest_wait_ms: known?.longestWaitMs ?? null,
          },
          memory_usage_mb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
          total_requests: requests,
          error_count: errors,
          uptime_seconds: Math.round(process.uptime()),
        },
      };
    },
  };
}

/** Answers with a page, the same for everybody. */
export function showPage(page: () => Page): RequestHandler {
  return (_request, response) => {
    const { status, body } = page();
    response.status(status).json(body);
  };
}

/** Answers with a page, in full if the request brings an admin key. */
export function showPageInFull(
  page: (inFull: boolean) => Page | Promise<Page>,
  isAdmin: (request: Request) => boolean,
): RequestHandler {
  return async (request, response) => {
    const { status, body } = await page(isAdmin(request));
    response.status(status).json(body);
  };
}
