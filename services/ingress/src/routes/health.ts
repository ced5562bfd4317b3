import { setTimeout as delay } from 'node:timers/promises';
import type { Occupancy } from '@sluice/admission';
import type { Page } from '@sluice/lifecycle';
import type { Request, RequestHandler } from 'express';
import type { Config } from '@sluice/config';
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
  /** It uses as much memory as it may. */
  readonly isMemoryFull: boolean;
}

export interface HealthNeeds {
  readonly version: string;
  /** Date of the build, as in `2026-11-30`. */
  readonly buildDate: string;
  readonly config: Pick<Config, 'retry' | 'timeouts' | 'limits' | 'server'>;
  readonly state: () => ReplicaState;
  readonly totals: Pick<Totals, 'requests' | 'errors' | 'meanDurationMs'>;
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

export function createHealthPages({ version, buildDate, config, state, totals, occupancy }: HealthNeeds): HealthPages {
  const summary = (): object => {
    const { isRedisUp, isDraining, isMemoryFull } = state();
    return {
      status: isRedisUp && !isDraining && !isMemoryFull ? 'ok' : 'degraded',
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
      return {
        status: 200,
        body: {
          ...body,
          version,
          build_date: buildDate,
          description,
          performance_mode: config.retry.mode,
          config: toSettings(config),
          stats,
          improvements,
        },
      };
    },
    async status(inFull) {
      if (!inFull) return { status: 200, body: summary() };
      const { requests, errors } = totals;
      const { memoryLimitBytes } = config.server;
      const known = await Promise.race([occupancy(), delay(occupancyMs, undefined, { ref: false })]).catch(
        () => undefined,
      );
      return {
        status: 200,
        body: {
          ...summary(),
          version,
          current_connections: state().openRequests,
          max_connections: config.limits.maxConcurrentRequests,
          fleet: {
            running_requests: known?.running ?? null,
            waiting_requests: known?.waiting ?? null,
            longest_wait_ms: known?.longestWaitMs ?? null,
          },
          memory_usage_mb: toMebibytes(process.memoryUsage.rss()),
          memory_limit_mb: memoryLimitBytes === undefined ? null : toMebibytes(memoryLimitBytes),
          total_requests: requests,
          error_count: errors,
          uptime_seconds: Math.round(process.uptime()),
        },
      };
    },
  };
}

const toMebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);

const description = 'Sluice: many LLM providers behind one OpenAI-compatible API, on ingresses, workers and Redis.';

/** Features for the field `improvements`, which monitors of an earlier gateway read. */
const improvements = [
  'Limits of requests, tokens and concurrency hold over all replicas, and waiting requests take turns by key.',
  'A request is retried with other credentials and targets before its client hears of a failure.',
  'Streams that break off are continued.',
  'A lost worker or ingress costs no request that another one can take over.',
  'Slow clients hold their upstream back instead of filling memory.',
  'Structured logs, metrics and traces join the lines of a request by its id.',
  'Keys are known by their hashes, and secrets are taken out of logs and errors.',
  'Reasoning, images and tools are translated for each provider.',
];

/** The settings that decide how patient and how large this gateway is; times in milliseconds. */
function toSettings({ retry, timeouts, limits, server }: HealthNeeds['config']): object {
  return {
    max_retries: retry.maxAttempts - 1,
    retry_delay: retry.baseDelayMs,
    request_timeout: timeouts.wholeMs,
    random_delay: `${retry.randomDelayMinMs}-${retry.randomDelayMaxMs}ms`,
    max_concurrent_connections: limits.maxConcurrentRequests,
    stream_buffer_size: server.pauseAtBytes,
    connection_check_enabled: true,
  };
}

/** Answers with a page, the same for everybody. */
export function showPage(page: () => Page): RequestHandler {
  return (_request, response) => {
    const { status, body } = page();
    response.status(status).json(body);
  };
}

/** Answers with a page, in full to whom it may be shown so. */
export function showPageInFull(
  page: (inFull: boolean) => Page | Promise<Page>,
  maySeeAll: (request: Request) => boolean,
): RequestHandler {
  return async (request, response) => {
    const { status, body } = await page(maySeeAll(request));
    response.status(status).json(body);
  };
}
