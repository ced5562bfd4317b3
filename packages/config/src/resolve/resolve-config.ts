import { retryPresets } from '@sluice/policy';
import type { Config, FleetConfig, ServerConfig, TimeoutConfig, WorkerConfig } from '../config.ts';
import { deepFreeze } from '../deep-freeze.ts';
import type { Environment } from '../environment.ts';
import { defaultFirstTokenMs, defaultTotalMs } from '../schema/flow.ts';
import type { Settings } from '../schema/settings.ts';
import { createSecret } from '../secret.ts';
import { resolveKeys } from './resolve-keys.ts';
import { resolveRedis } from './resolve-redis.ts';
import { resolveRouting } from './resolve-routing.ts';

/** Both parts of the configuration, each without problems. */
export interface Parts {
  readonly settings: Settings;
  readonly environment: Environment;
  readonly warnings: readonly string[];
  readonly paths: Paths;
}

/** Where paths begin. */
export interface Paths {
  readonly cwd: string;
  /** Undefined where nobody knows; `~` then is a plain name. */
  readonly home: string | undefined;
}

/** Puts file and environment together; the environment wins. */
export function resolveConfig(parts: Parts): Config {
  const { settings, environment, paths } = parts;
  return deepFreeze<Config>({
    server: resolveServer(parts),
    worker: resolveWorker(parts),
    redis: resolveRedis(settings.redis, environment.REDIS_URL),
    queue: { shards: settings.queue.shards },
    keys: resolveKeys(settings.keys, environment.SLUICE_API_KEYS ?? []),
    ...resolveRouting(settings, paths, environment.SIMULATOR_PORT),
    limits: resolveLimits(settings.limits),
    retry: resolveRetry(settings.retry),
    timeouts: resolveTimeouts(settings),
    breaker: {
      failures: settings.breaker.failures,
      windowMs: settings.breaker.window_ms,
      openMs: settings.breaker.open_ms,
    },
    warnings: parts.warnings,
    log: { level: environment.LOG_LEVEL ?? settings.log.level },
    secretKey: environment.SLUICE_SECRET_KEY === undefined ? undefined : createSecret(environment.SLUICE_SECRET_KEY),
  });
}

function resolveServer({ settings: { server }, environment }: Parts): ServerConfig {
  return {
    port: environment.PORT ?? server.port,
    host: environment.HOST ?? server.host,
    drainTimeoutMs: environment.DRAIN_TIMEOUT_MS ?? server.drain_timeout_ms,
    maxBodyBytes: server.max_body_bytes,
    holdMs: server.hold_ms,
    heartbeatMs: server.heartbeat_ms,
    pauseAtBytes: server.pause_at_bytes,
    slowClientBytes: server.slow_client_bytes,
    slowClientMs: server.slow_client_ms,
    trustProxy: server.trust_proxy,
  };
}

function resolveWorker({ settings: { worker }, environment }: Parts): WorkerConfig {
  return {
    metricsPort: environment.METRICS_PORT ?? worker.metrics_port,
    metricsHost: environment.HOST ?? worker.metrics_host,
    drainTimeoutMs: environment.DRAIN_TIMEOUT_MS ?? worker.drain_timeout_ms,
    concurrency: worker.concurrency,
    maxConnections: worker.max_connections,
    keepAliveMs: worker.keep_alive_ms,
    maxEventBytes: worker.max_event_bytes,
    maxBodyBytes: worker.max_body_bytes,
  };
}

function resolveLimits(limits: Settings['limits']): FleetConfig {
  return {
    maxConcurrentRequests: limits.max_concurrent_requests,
    queueSize: limits.queue_size,
    maxQueueWaitMs: limits.max_queue_wait_ms,
    leaseMs: limits.lease_ms,
  };
}

function resolveRetry(retry: Settings['retry']): Config['retry'] {
  const { totals: _totals, ...preset } = retryPresets[retry.mode];
  return {
    maxAttempts: retry.max_attempts ?? preset.maxAttempts,
    backoff: retry.backoff ?? preset.backoff,
    baseDelayMs: retry.base_delay_ms ?? preset.baseDelayMs,
    maxDelayMs: retry.max_delay_ms ?? preset.maxDelayMs,
    rateLimitBaseDelayMs: retry.rate_limit_base_delay_ms ?? preset.rateLimitBaseDelayMs,
    rateLimitMaxDelayMs: retry.rate_limit_max_delay_ms ?? preset.rateLimitMaxDelayMs,
    jitter: retry.jitter ?? preset.jitter,
    randomDelayMinMs: retry.random_delay_min_ms ?? preset.randomDelayMinMs,
    randomDelayMaxMs: retry.random_delay_max_ms ?? preset.randomDelayMaxMs,
  };
}

function resolveTimeouts({ timeouts, retry }: Settings): TimeoutConfig {
  const { totals } = retryPresets[retry.mode];
  return {
    firstTokenMs: timeouts.first_token_ms ?? defaultFirstTokenMs,
    idleMs: timeouts.idle_ms,
    wholeAttemptMs: timeouts.whole_attempt_ms,
    wholeMs: timeouts.total_ms ?? totals?.wholeMs ?? defaultTotalMs,
    streamMs: timeouts.stream_total_ms ?? timeouts.total_ms ?? totals?.streamMs ?? defaultTotalMs,
  };
}
