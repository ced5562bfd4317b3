import type { Page } from '@sluice/lifecycle';
import type { Request, RequestHandler } from 'express';
import type { Config } from '@sluice/config';
import type { FleetStatus } from '../fleet-status.ts';
import type { Totals } from '../totals.ts';

/** The state of this replica. */
export interface ReplicaState {
  readonly isRedisUp: boolean;
  /** Redis has been away for so long that new requests are refused. */
  readonly isRedisAway: boolean;
  readonly isDraining: boolean;
  /** The replica drains, and takes no new requests any more. */
  readonly isRefusing: boolean;
  readonly openRequests: number;
  /** The memory limit is reached. */
  readonly isMemoryFull: boolean;
}

export interface HealthNeeds {
  readonly version: string;
  /** Date of the build, as in `2026-11-30`. */
  readonly buildDate: string;
  readonly config: Pick<Config, 'retry' | 'timeouts' | 'limits' | 'server'>;
  readonly state: () => ReplicaState;
  readonly totals: Pick<Totals, 'requests' | 'errors' | 'meanDurationMs'>;
  /** The fleet's part of the status; never rejects. */
  readonly fleetStatus: () => Promise<FleetStatus>;
  /** The state of the database and its outboxes; undefined without a database. */
  readonly records?: (() => Pick<FleetStatus, 'database' | 'outbox'>) | undefined;
}

/**
 * The part of a page that somebody sees: what a probe needs; also the figures of the replica and the sums of the fleet
 * (`server.public_status`); or everything, for operators.
 */
export type View = 'probe' | 'figures' | 'all';

/** The pages about this replica. */
export interface HealthPages {
  /** 200 if the process answers. Independent of Redis, or an outage of Redis would restart the whole fleet. */
  livez(): Page;
  /** 200 if this replica may get requests, else 503. */
  readyz(): Page;
  /** A summary; 200 while the process lives. */
  health(view: View): Page;
  /** The figures of this replica and of the fleet. */
  status(view: View): Promise<Page>;
}

export function createHealthPages({
  version,
  buildDate,
  config,
  state,
  totals,
  fleetStatus,
  records,
}: HealthNeeds): HealthPages {
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
    health(view) {
      const { requests, errors, meanDurationMs } = totals;
      const body = { ...summary(), timestamp: new Date().toISOString() };
      if (view === 'probe') return { status: 200, body };
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
          ...(view === 'all' ? records?.() : {}),
          improvements,
        },
      };
    },
    async status(view) {
      if (view === 'probe') return { status: 200, body: summary() };
      const { requests, errors } = totals;
      const { memoryLimitBytes } = config.server;
      const { fleet, ...details } = await fleetStatus();
      return {
        status: 200,
        body: {
          ...summary(),
          version,
          current_connections: state().openRequests,
          max_connections: config.limits.maxConcurrentRequests,
          memory_usage_mb: toMebibytes(process.memoryUsage.rss()),
          memory_limit_mb: memoryLimitBytes === undefined ? null : toMebibytes(memoryLimitBytes),
          total_requests: requests,
          error_count: errors,
          uptime_seconds: Math.round(process.uptime()),
          fleet,
          ...(view === 'all' ? details : {}),
        },
      };
    },
  };
}

const toMebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);

const description = 'Sluice: many LLM providers behind one OpenAI-compatible API, on ingresses, workers and Redis.';

/** Texts of the field `improvements`, which monitors of an earlier gateway read. */
const improvements = [
  'Limits of requests, tokens and concurrency hold over all replicas, and waiting requests take turns by key.',
  'A request is retried with other credentials and targets before its client gets an error.',
  'Streams that break off are resumed.',
  'Another worker takes over the requests of a lost worker, and the leases of a lost ingress end by themselves.',
  'Slow clients hold their upstream back instead of filling memory.',
  'Structured logs, metrics and traces join the lines of a request by its id.',
  'Keys are known by their hashes, and secrets are taken out of logs and errors.',
  'Reasoning, images and tools are translated for each provider.',
];

/** Returns the settings for retries, timeouts and sizes; times in milliseconds. */
function toSettings({ retry, timeouts, limits, server }: HealthNeeds['config']): object {
  return {
    max_retries: retry.maxAttempts - 1,
    retry_delay: retry.baseDelayMs,
    request_timeout: timeouts.totalMs,
    random_delay: `${retry.randomDelayMinMs}-${retry.randomDelayMaxMs}ms`,
    max_concurrent_connections: limits.maxConcurrentRequests,
    stream_buffer_size: server.pauseAtBytes,
    connection_check_enabled: true,
  };
}

/** Answers every client with the same page. */
export function showPage(page: () => Page): RequestHandler {
  return (_request, response) => {
    const { status, body } = page();
    response.status(status).json(body);
  };
}

/** Answers with the part of a page that the client may see. */
export function showPageAs(
  page: (view: View) => Page | Promise<Page>,
  viewOf: (request: Request) => View,
): RequestHandler {
  return async (request, response) => {
    const { status, body } = await page(viewOf(request));
    response.status(status).json(body);
  };
}
