import { createHash, randomBytes } from 'node:crypto';
import { profiles } from '@sluice/compat';
import {
  ConfigError,
  type DatabaseConnection,
  databaseConnection,
  isGlob,
  loadConfig,
  serviceLinksIn,
  type Config,
} from '@sluice/config';
import { LaunchError } from './bare/launch-error.mjs';

/** The part of the services' configuration that the launcher itself needs. */
export interface Settings {
  /** True if no upstream is configured: the launcher starts the simulator in place of one. */
  readonly isDemo: boolean;
  readonly ingress: Listener;
  /** The ingress's management port. `METRICS_PORT` in the launcher's environment is the worker's. */
  readonly ingressManagement: Listener;
  readonly worker: Listener;
  readonly simulator: Listener;
  /** True if the configuration has a client key or lets clients in without one. */
  readonly hasClientKeys: boolean;
  /** Clients need no key. */
  readonly isOpen: boolean;
  /** True if access tokens or bodies are stored, and SLUICE_SECRET_KEY, which encrypts them, is not set. */
  readonly needsSecretKey: boolean;
  /** A client key to show; of keys in the file, the configuration has only digests. */
  readonly apiKey: string | undefined;
  /** A model to try, as clients name it; undefined when there are only globs. */
  readonly model: string | undefined;
  /** Warnings of the configuration, for the terminal. */
  readonly warnings: readonly string[];
  readonly log: Config['log'];
  /** The name of the setting of the log file: `log.file`, or that of a profile. */
  readonly logFileSetting: string;
  readonly redis:
    | { readonly kind: 'url'; readonly url: string | undefined; readonly setting: string }
    /** A cluster, sentinels, or TLS with own certificates: only the services connect to it. */
    | { readonly kind: 'configured' };
  readonly database:
    /** None is configured: the launcher brings one. */
    | { readonly kind: 'own' }
    /** The person wants no records. */
    | { readonly kind: 'none' }
    | { readonly kind: 'given'; readonly connection: DatabaseConnection; readonly setting: string };
}

/** The address at which a service listens, and the maximum duration of its drain. */
export interface Listener {
  readonly host: string;
  /** The setting of the host, for messages: an environment variable or a key of the file. */
  readonly hostSetting: string;
  /** The environment variable of its port. */
  readonly variable: 'PORT' | 'METRICS_PORT' | 'SIMULATOR_PORT';
  readonly port: number;
  /** True if the person chose this port; then no other is tried. */
  readonly isExplicit: boolean;
  readonly drainTimeoutMs: number;
}

const loopback = '127.0.0.1';
const usualIngressManagementPort = 9463;

/**
 * Reads the configuration as the services will.
 *
 * @throws LaunchError with the message of the `ConfigError` when the configuration is not valid
 */
export function readSettings(env: NodeJS.ProcessEnv, root: string): Settings {
  try {
    const links = serviceLinksIn(env);
    const own = Object.fromEntries(Object.entries(env).filter(([name]) => !links.has(name)));
    // A missing secret is not an error: the launcher generates one.
    const hasSecretKey = isSet(own, 'SLUICE_SECRET_KEY');
    const possible = hasSecretKey ? own : { ...own, SLUICE_SECRET_KEY: randomBytes(32).toString('hex') };
    const config = loadConfig({ env: possible, cwd: root, isKeyRequired: false, profiles });
    return {
      ...toSettings(config, own),
      needsSecretKey: !hasSecretKey && (hasTokens(config) || config.records.logBodies),
    };
  } catch (error) {
    if (error instanceof ConfigError) throw new LaunchError(error.message, { cause: error });
    throw error;
  }
}

/** An empty variable counts as not set. */
const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => (env[name] ?? '') !== '';

const hasTokens = ({ upstreams }: Config): boolean =>
  upstreams.some(({ credentials }) => credentials.some(({ tokens }) => tokens !== undefined));

function toSettings(config: Config, env: NodeJS.ProcessEnv): Omit<Settings, 'needsSecretKey'> {
  const { server, worker, simulator, models, keys, warnings, log } = config;
  const isGiven = isSet(env, 'METRICS_PORT');
  const hostSetting = (variable: string, setting: string): string => (isSet(env, variable) ? variable : setting);
  const concrete = models.map(({ id }) => id).find((id) => !isGlob(id));
  return {
    isDemo: config.demo && !simulator.isElsewhere,
    ingress: {
      variable: 'PORT',
      host: server.host,
      hostSetting: hostSetting('HOST', 'server.host'),
      port: server.port,
      isExplicit: !server.isPortUsual,
      drainTimeoutMs: server.drainTimeoutMs,
    },
    ingressManagement: {
      variable: 'METRICS_PORT',
      host: server.metricsHost,
      hostSetting: hostSetting('METRICS_HOST', 'server.metrics_host'),
      port: isGiven ? usualIngressManagementPort : server.metricsPort,
      isExplicit: !isGiven && !server.isMetricsPortUsual,
      drainTimeoutMs: 0,
    },
    worker: {
      variable: 'METRICS_PORT',
      host: worker.metricsHost,
      hostSetting: hostSetting('METRICS_HOST', 'worker.metrics_host'),
      port: worker.metricsPort,
      isExplicit: !worker.isMetricsPortUsual,
      drainTimeoutMs: worker.drainTimeoutMs,
    },
    simulator: {
      variable: 'SIMULATOR_PORT',
      host: loopback,
      // The simulator's host is fixed; its port's setting stands for it in messages.
      hostSetting: 'SIMULATOR_PORT',
      port: simulator.port,
      isExplicit: !simulator.isPortUsual,
      drainTimeoutMs: 0,
    },
    hasClientKeys: keys.length > 0,
    isOpen: keys.some(({ anonymous }) => anonymous !== undefined),
    apiKey: env['SLUICE_API_KEYS']?.split(',')[0]?.trim() || keyOfProfile(keys, env),
    model: concrete,
    warnings,
    log,
    // Of the profiles only one has a log file, under this name.
    logFileSetting: isSet(env, 'SLUICE_COMPAT') ? 'LOG_FILE_PATH' : 'log.file',
    redis: redisOf(config, env),
    database: databaseOf(config, env),
  };
}

/** Returns the key of a profile: the configuration holds its digest under the name of its variable. */
function keyOfProfile(keys: Config['keys'], env: NodeJS.ProcessEnv): string | undefined {
  const digestOf = (key: string): string => createHash('sha256').update(key).digest('hex');
  const found = keys.find(({ name, digest }) => isSet(env, name) && digestOf(env[name] ?? '') === digest);
  return found && env[found.name];
}

function redisOf({ redis }: Config, env: NodeJS.ProcessEnv): Settings['redis'] {
  const setting = isSet(env, 'REDIS_URL') ? 'REDIS_URL' : 'redis.url';
  if (redis.isDefault) return { kind: 'url', url: undefined, setting: 'REDIS_URL' };
  if (redis.kind !== 'single' || typeof redis.tls === 'object') return { kind: 'configured' };
  return { kind: 'url', url: wholeUrl(redis), setting };
}

function databaseOf({ database, isDatabaseRefused }: Config, env: NodeJS.ProcessEnv): Settings['database'] {
  if (isDatabaseRefused) return { kind: 'none' };
  if (database === undefined) return { kind: 'own' };
  const setting = isSet(env, 'DATABASE_URL') ? 'DATABASE_URL' : 'database.url';
  return { kind: 'given', connection: databaseConnection(database), setting };
}

/** Returns the URL with username, password and TLS, which the configuration holds apart from it. */
function wholeUrl({ url, username, password, tls }: Config['redis'] & { readonly kind: 'single' }): string {
  const whole = new URL(url);
  if (tls === true) whole.protocol = 'rediss:';
  if (username !== undefined) whole.username = username;
  if (password !== undefined) whole.password = password.reveal();
  return whole.href;
}
