import { retryPresets } from '@sluice/policy';
import { type CamelCased, camelCased } from '../camel-case.ts';
import type {
  Config,
  FleetConfig,
  ManagementConfig,
  RetryConfig,
  ServerConfig,
  SimulatorConfig,
  TimeoutConfig,
  WorkerConfig,
} from '../config.ts';
import { deepFreeze } from '../deep-freeze.ts';
import type { Environment } from '../environment.ts';
import { noDatabase } from '../schema/database.ts';
import { defaultFirstTokenMs, defaultTotalMs } from '../schema/flow.ts';
import type { Settings } from '../schema/settings.ts';
import { createSecret } from '../secret.ts';
import { resolveAuth, resolveKeys, resolveTeams } from './resolve-keys.ts';
import { resolveProxies, warnOfProxies } from './resolve-proxies.ts';
import type { Paths } from './absolute-path.ts';
import { resolveDatabase } from './resolve-database.ts';
import { resolveRedis } from './resolve-redis.ts';
import { resolveRouting } from './resolve-routing.ts';

type Tree = CamelCased<Settings>;

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
  const { redis, database, keys: fileKeys, teams, auth, upstreams, models, ...plain } = settings;
  const tree = camelCased(plain);
  const openAccess = warnOfOpenAccess(fileKeys, environment.HOST ?? settings.server.host);
  const keys = resolveKeys(fileKeys, environment.SLUICE_API_KEYS ?? []);
  const simulator = resolveSimulator(environment);
  return deepFreeze<Config>({
    ...tree,
    server: resolveServer(tree.server, environment),
    worker: resolveWorker(tree.worker, environment),
    redis: resolveRedis(redis, { environmentUrl: environment.REDIS_URL, paths }),
    database: resolveDatabase(database, { environmentUrl: environment.DATABASE_URL, paths }),
    isDatabaseRefused: (environment.DATABASE_URL ?? database.url) === noDatabase,
    keys,
    teams: resolveTeams(teams),
    auth: resolveAuth(auth),
    proxies: resolveProxies(environment),
    simulator,
    ...resolveRouting({ upstreams, models }, paths, simulator),
    limits: resolveLimits(tree.limits, keys.length),
    retry: resolveRetry(tree.retry),
    timeouts: resolveTimeouts(tree),
    warnings: [...parts.warnings, ...openAccess, ...warnOfProxies(environment), ...warnOfEveryOrigin(settings.server)],
    notes: parts.notes,
    log: { ...tree.log, level: environment.LOG_LEVEL ?? tree.log.level },
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

function resolveServer(server: Tree['server'], environment: Environment): ServerConfig {
  const { maxBodyBytes } = server;
  const bodyBudgetBytes =
    server.bodyBudgetBytes ?? Math.max(256 * mebibyte, 4 * maxBodyBytes, server.keyBodyBudgetBytes ?? 0);
  return {
    ...server,
    port: environment.PORT ?? server.port ?? usualPort,
    isPortUsual: (environment.PORT ?? server.port) === undefined,
    host: environment.HOST ?? server.host,
    ...resolveManagement({ settings: server, environment, usualPort: 9463 }),
    drainTimeoutMs: environment.DRAIN_TIMEOUT_MS ?? server.drainTimeoutMs,
    bodyBudgetBytes,
    keyBodyBudgetBytes: server.keyBodyBudgetBytes ?? Math.max(maxBodyBytes, Math.floor(bodyBudgetBytes / 4)),
    allowedHosts: server.allowedHosts.map((name) => name.toLowerCase()),
  };
}

const resolveSimulator = ({ SIMULATOR_PORT: port, SIMULATOR_HOST: host }: Environment): SimulatorConfig => ({
  host: host ?? '127.0.0.1',
  isElsewhere: host !== undefined,
  port: port ?? usualSimulatorPort,
  isPortUsual: port === undefined,
});

function resolveWorker(worker: Tree['worker'], environment: Environment): WorkerConfig {
  return {
    ...worker,
    ...resolveManagement({ settings: worker, environment, usualPort: 9464 }),
    drainTimeoutMs: environment.DRAIN_TIMEOUT_MS ?? worker.drainTimeoutMs,
  };
}

/** Resolves the management port. `HOST` does not apply, as it must open only the port for clients. */
function resolveManagement({
  settings,
  environment,
  usualPort,
}: {
  readonly settings: Pick<Tree['worker'], 'metricsPort' | 'metricsHost'>;
  readonly environment: Environment;
  readonly usualPort: number;
}): ManagementConfig {
  const chosen = environment.METRICS_PORT ?? settings.metricsPort;
  return {
    metricsPort: chosen ?? usualPort,
    metricsHost: environment.METRICS_HOST ?? settings.metricsHost,
    isMetricsPortUsual: chosen === undefined,
  };
}

function resolveLimits(limits: Tree['limits'], keyCount: number): FleetConfig {
  const all = limits.maxConcurrentRequests;
  // With a single key, no leases need to stay free for other keys.
  const share = limits.defaultKeyConcurrency ?? (keyCount > 1 ? Math.ceil(all / 2) : all);
  return { ...limits, defaultKeyConcurrency: Math.min(all, share) };
}

function resolveRetry(retry: Tree['retry']): RetryConfig {
  const { totals: _totals, ...preset } = retryPresets[retry.mode];
  return { ...preset, ...retry };
}

function resolveTimeouts({ timeouts, retry }: Pick<Tree, 'timeouts' | 'retry'>): TimeoutConfig {
  const { totals } = retryPresets[retry.mode];
  return {
    ...timeouts,
    firstTokenMs: timeouts.firstTokenMs ?? defaultFirstTokenMs,
    totalMs: timeouts.totalMs ?? totals?.totalMs ?? defaultTotalMs,
    streamTotalMs: timeouts.streamTotalMs ?? timeouts.totalMs ?? totals?.streamTotalMs ?? defaultTotalMs,
  };
}
