import { retryPresets } from '@sluice/policy';
import type {
  Config,
  FleetConfig,
  ManagementConfig,
  ServerConfig,
  SimulatorConfig,
  TimeoutConfig,
  WorkerConfig,
} from '../config.ts';
import { deepFreeze } from '../deep-freeze.ts';
import type { Environment } from '../environment.ts';
import { defaultFirstTokenMs, defaultTotalMs } from '../schema/flow.ts';
import type { Settings } from '../schema/settings.ts';
import { createSecret } from '../secret.ts';
import { resolveKeys } from './resolve-keys.ts';
import { resolveProxies, warnOfProxies } from './resolve-proxies.ts';
import type { Paths } from './absolute-path.ts';
import { resolveRedis } from './resolve-redis.ts';
import { resolveRouting } from './resolve-routing.ts';

/** Both parts of the configuration, each valid. */
export interface Parts {
  readonly settings: Settings;
  readonly environment: Environment;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly paths: Paths;
}

/** Combines file and environment; the environment wins. */
export function resolveConfig(parts: Parts): Config {
  const { settings, environment, paths } = parts;
  const openAccess = warnOfOpenAccess(settings.keys, environment.HOST ?? settings.server.host);
  const keys = resolveKeys(settings.keys, environment.SLUICE_API_KEYS ?? []);
  const simulator = resolveSimulator(environment);
  return deepFreeze<Config>({
    server: resolveServer(parts),
    worker: resolveWorker(parts),
    redis: resolveRedis(settings.redis, { environmentUrl: environment.REDIS_URL, paths }),
    queue: { shards: settings.queue.shards },
    keys,
    proxies: resolveProxies(environment),
    simulator,
    ...resolveRouting(settings, paths, simulator),
    limits: resolveLimits(settings.limits, keys.length),
    retry: resolveRetry(settings.retry),
    timeouts: resolveTimeouts(settings),
    circuit: {
      failures: settings.circuit.failures,
      windowMs: settings.circuit.window_ms,
      openMs: settings.circuit.open_ms,
    },
    warnings: [...parts.warnings, ...openAccess, ...warnOfProxies(environment), ...warnOfEveryOrigin(settings.server)],
    notes: parts.notes,
    log: {
      level: environment.LOG_LEVEL ?? settings.log.level,
      file: settings.log.file,
      retentionDays: settings.log.retention_days,
    },
    secretKey: environment.SLUICE_SECRET_KEY === undefined ? undefined : createSecret(environment.SLUICE_SECRET_KEY),
  });
}

/** Returns a warning about anonymous access: for which requests, and from which machines. */
function warnOfOpenAccess(keys: Settings['keys'], host: string): string[] {
  const open = keys.find(({ anonymous }) => anonymous !== undefined);
  if (open === undefined) return [];
  const who = open.anonymous === 'any_key' ? 'with any key, or none' : 'without a key';
  const from = isLoopback(host) ? 'this machine only (HOST opens it to others)' : `every machine that reaches ${host}`;
  return [`anonymous access is on: requests ${who} are accepted from ${from}, and use your credentials`];
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

function warnOfEveryOrigin({ cors }: Settings['server']): string[] {
  if (!cors.origins.includes('*')) return [];
  return [
    'server.cors.origins has "*": pages of every website may call from a browser, with any key that their visitors give them',
  ];
}

const mebibyte = 1024 * 1024;
const usualPort = 8080;
const usualSimulatorPort = 9900;

function resolveServer({ settings: { server }, environment }: Parts): ServerConfig {
  const bodyBudgetBytes =
    server.body_budget_bytes ?? Math.max(256 * mebibyte, 4 * server.max_body_bytes, server.key_body_budget_bytes ?? 0);
  return {
    port: environment.PORT ?? server.port ?? usualPort,
    isPortUsual: (environment.PORT ?? server.port) === undefined,
    host: environment.HOST ?? server.host,
    ...resolveManagement({ settings: server, environment, usualPort: 9463 }),
    drainTimeoutMs: environment.DRAIN_TIMEOUT_MS ?? server.drain_timeout_ms,
    maxBodyBytes: server.max_body_bytes,
    maxInflationRatio: server.max_inflation_ratio,
    bodyBudgetBytes,
    keyBodyBudgetBytes:
      server.key_body_budget_bytes ?? Math.max(server.max_body_bytes, Math.floor(bodyBudgetBytes / 4)),
    largeBodyBytes: server.large_body_bytes,
    refusedBodiesPerMinute: server.refused_bodies_per_minute,
    wrongKeysPerMinute: server.wrong_keys_per_minute,
    maxConnections: server.max_connections,
    maxPipelinedRequests: server.max_pipelined_requests,
    keepAliveMs: server.keep_alive_ms,
    headersTimeoutMs: server.headers_timeout_ms,
    requestTimeoutMs: server.request_timeout_ms,
    memoryLimitBytes: server.memory_limit_bytes,
    isStatusPublic: server.public_status,
    corsOrigins: server.cors.origins,
    allowedHosts: server.allowed_hosts.map((name) => name.toLowerCase()),
    holdMs: server.hold_ms,
    heartbeatMs: server.heartbeat_ms,
    pauseAtBytes: server.pause_at_bytes,
    slowClientBytes: server.slow_client_bytes,
    slowClientMs: server.slow_client_ms,
    trustProxy: server.trust_proxy,
    hasPublicModels: server.public_models,
    trustTraceContext: server.trust_trace_context,
  };
}

const resolveSimulator = ({ SIMULATOR_PORT: port, SIMULATOR_HOST: host }: Environment): SimulatorConfig => ({
  host: host ?? '127.0.0.1',
  isElsewhere: host !== undefined,
  port: port ?? usualSimulatorPort,
  isPortUsual: port === undefined,
});

function resolveWorker({ settings: { worker }, environment }: Parts): WorkerConfig {
  return {
    ...resolveManagement({ settings: worker, environment, usualPort: 9464 }),
    drainTimeoutMs: environment.DRAIN_TIMEOUT_MS ?? worker.drain_timeout_ms,
    concurrency: worker.concurrency,
    maxConnections: worker.max_connections,
    keepAliveMs: worker.keep_alive_ms,
    maxEventBytes: worker.max_event_bytes,
    maxBodyBytes: worker.max_body_bytes,
  };
}

/** Resolves the management port. `HOST` does not apply, as it must open only the port for clients. */
function resolveManagement({
  settings,
  environment,
  usualPort,
}: {
  readonly settings: Pick<Settings['worker'], 'metrics_port' | 'metrics_host'>;
  readonly environment: Environment;
  readonly usualPort: number;
}): ManagementConfig {
  const chosen = environment.METRICS_PORT ?? settings.metrics_port;
  return {
    metricsPort: chosen ?? usualPort,
    metricsHost: environment.METRICS_HOST ?? settings.metrics_host,
    isMetricsPortUsual: chosen === undefined,
  };
}

function resolveLimits(limits: Settings['limits'], keyCount: number): FleetConfig {
  const all = limits.max_concurrent_requests;
  return {
    maxConcurrentRequests: all,
    queueSize: limits.queue_size,
    // With a single key, no leases need to stay free for other keys.
    defaultKeyConcurrency: Math.min(all, limits.default_key_concurrency ?? (keyCount > 1 ? Math.ceil(all / 2) : all)),
    maxQueueWaitMs: limits.max_queue_wait_ms,
    leaseMs: limits.lease_ms,
  };
}

function resolveRetry(retry: Settings['retry']): Config['retry'] {
  const { totals: _totals, ...preset } = retryPresets[retry.mode];
  return {
    mode: retry.mode,
    maxAttempts: retry.max_attempts ?? preset.maxAttempts,
    backoff: retry.backoff ?? preset.backoff,
    baseDelayMs: retry.base_delay_ms ?? preset.baseDelayMs,
    maxDelayMs: retry.max_delay_ms ?? preset.maxDelayMs,
    rateLimitBaseDelayMs: retry.rate_limit_base_delay_ms ?? preset.rateLimitBaseDelayMs,
    rateLimitMaxDelayMs: retry.rate_limit_max_delay_ms ?? preset.rateLimitMaxDelayMs,
    jitter: retry.jitter ?? preset.jitter,
    randomDelayMinMs: retry.random_delay_min_ms ?? preset.randomDelayMinMs,
    randomDelayMaxMs: retry.random_delay_max_ms ?? preset.randomDelayMaxMs,
    maxCooldownMs: retry.max_cooldown_ms,
    sameTarget: retry.same_target,
    waitForPreferredMs: retry.wait_for_preferred_ms,
    onContentPolicy: retry.on_content_policy,
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
