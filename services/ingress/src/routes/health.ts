import type { RequestHandler } from 'express';
import type { Totals } from '../totals.ts';

/** What this replica knows of itself. */
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
}

/** `GET /livez`: the process answers. Says nothing of Redis, or a Redis outage would restart the whole fleet. */
export const livez: RequestHandler = (_request, response) => {
  response.json({ status: 'ok' });
};

/** `GET /readyz`: may this replica get requests? */
export function readyz({ state }: HealthNeeds): RequestHandler {
  return (_request, response) => {
    const { isRedisUp, isDraining } = state();
    const isReady = isRedisUp && !isDraining;
    response.status(isReady ? 200 : 503).json({
      status: isReady ? 'ready' : 'not ready',
      redis: isRedisUp ? 'ok' : 'unreachable',
      draining: isDraining,
    });
  };
}

/** `GET /health`: a summary for people; 200 while the process lives. */
export function health({ version, state, totals }: HealthNeeds): RequestHandler {
  return (_request, response) => {
    const { isRedisUp, isDraining, openRequests } = state();
    const { requests, errors, meanDurationMs } = totals;
    response.json({
      status: isRedisUp && !isDraining ? 'ok' : 'degraded',
      timestamp: new Date().toISOString(),
      version,
      redis: isRedisUp ? 'ok' : 'unreachable',
      draining: isDraining,
      stats: {
        total_requests: requests,
        average_response_time: Math.round(meanDurationMs),
        error_rate: requests === 0 ? 0 : Math.round((errors / requests) * 100),
        current_connections: openRequests,
      },
    });
  };
}

/** `GET /status`: this replica in numbers. */
export function status({ state, totals, maxConcurrentRequests }: HealthNeeds): RequestHandler {
  return (_request, response) => {
    const { requests, errors } = totals;
    response.json({
      current_connections: state().openRequests,
      max_connections: maxConcurrentRequests,
      memory_usage_mb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
      total_requests: requests,
      error_count: errors,
      uptime_seconds: Math.round(process.uptime()),
    });
  };
}
