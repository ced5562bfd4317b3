import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { profiles } from '@sluice/compat';
import {
  type Config,
  ConfigError,
  databaseConnection,
  listSettings,
  loadConfig,
  readRedisFiles,
  type SettingsList,
} from '@sluice/config';
import { redactSecrets } from '@sluice/telemetry';
import { type Check, ok, problem, warning } from './check.ts';
import { openClients, unusableFiles } from './clients.ts';
import { askDatabase } from './database/ask-database.ts';
import { judgeDatabase } from './database/judge-database.ts';
import { findHolder } from './machine/find-holder.ts';
import { judgeFiles, readFiles, type WatchedFile } from './machine/files.ts';
import { judgePort, readPort } from './machine/ports.ts';
import { judgeProcess, type ProcessFacts, readProcess } from './machine/process.ts';
import { baseUrl, fetchPage, judgeRunning, recognise } from './machine/running.ts';
import { askRedis } from './redis/ask-redis.ts';
import { judgeRedis } from './redis/judge-redis.ts';
import { expectationsOf } from './redis/place.ts';
import { cooldownsOf } from './redis/cooldowns-of.ts';
import type { Report } from './report.ts';
import { secretsOf } from './secrets.ts';
import { judgeSetup } from './setup.ts';
import { askUpstream } from './upstreams/ask-upstream.ts';
import { wantedPorts } from './wanted-ports.ts';

export interface DoctorNeeds {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The folder in which `npm start` keeps its state. */
  readonly stateFolder: string | undefined;
  /** URL of the Redis that a running `npm start` has started. Secret. */
  readonly startedRedisUrl: string | undefined;
  /** The same for its database. Secret. */
  readonly startedDatabaseUrl: string | undefined;
  /** Names of variables in `env` that a `.env` file has set. */
  readonly dotenvNames?: readonly string[] | undefined;
}

/** Checks everything that Sluice needs, and changes nothing. Never rejects: a check that fails is a problem. */
export async function examine(needs: DoctorNeeds): Promise<Report> {
  const facts = await readProcess();
  const read = readSettings(needs);
  const { settings } = read;
  const config = settings?.config;
  const checks = [
    ...read.checks,
    ...judgeProcess(facts, config && { ...config.server }),
    ...(await group('files', async () => judgeFiles(await readFiles(filesOf(needs, settings))))),
    ...(settings === undefined ? [] : await examineServices(needs, settings, facts)),
  ];
  const secrets = config === undefined ? [] : secretsOf(config, needs.env);
  return { settings, checks: checks.map((check) => withoutSecrets(check, secrets)) };
}

function readSettings(needs: DoctorNeeds): { readonly settings?: SettingsList; readonly checks: readonly Check[] } {
  const { env, cwd, dotenvNames } = needs;
  try {
    const settings = listSettings({ env, cwd, dotenvNames, isKeyRequired: false, profiles });
    const { config, file, profile } = settings;
    const from = profile === undefined ? (file ?? 'the environment alone') : `the profile ${profile}`;
    return {
      settings,
      checks: [
        ok('config', `The configuration is valid; it comes from ${from}.`),
        ...judgeSetup(config),
        ...config.warnings.map((text) => warning('config', `${text.charAt(0).toUpperCase()}${text.slice(1)}.`)),
      ],
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'Correct it: docs/configuration.md has every setting, docs/migrate.md the variables of profiles.';
    return { checks: error.problems.map(({ path, message }) => problem('config', `${path} ${message}.`, advice)) };
  }
}

async function examineServices(needs: DoctorNeeds, { config }: SettingsList, facts: ProcessFacts): Promise<Check[]> {
  const clients = openClients(config);
  try {
    const { maxBodyBytes } = config.worker;
    const upstreams = config.demo
      ? []
      : config.upstreams.map((upstream) =>
          group(
            `upstream ${upstream.id}`,
            async () =>
              clients.unusable.get(upstream.id) ??
              (await askUpstream({ client: clients.of(upstream.id), clientOf: clients.of, maxBodyBytes }, upstream)),
          ),
        );
    const redis = group('redis', () => examineRedis(needs, config));
    const database = group('database', () => examineDatabase(needs, config));
    const ports = group('ports', () => examinePorts(config, needs.env));
    const running = group('running', () => examineRunning(config, facts));
    return (await Promise.all([redis, database, ...upstreams, ports, running])).flat();
  } finally {
    await clients.close();
  }
}

async function examineRedis({ env, cwd, startedRedisUrl }: DoctorNeeds, configured: Config): Promise<Check[]> {
  const isBrought = configured.redis.isDefault && startedRedisUrl !== undefined;
  const config = isBrought
    ? loadConfig({ env: { ...env, REDIS_URL: startedRedisUrl }, cwd, isKeyRequired: false, profiles })
    : configured;
  const facts = await askRedis(readRedisFiles(config.redis));
  if (facts.kind === 'away' && config.redis.isDefault) return [nowhere];
  const checks = judgeRedis(facts, expectationsOf(config));
  return facts.kind === 'away' ? checks : [...checks, ...(await cooldownsOf(config))];
}

const nowhere = ok(
  'redis.connect',
  'No Redis is configured, and none listens at 127.0.0.1:6379. `npm start` brings one; `npm run ingress` and `npm run worker` need REDIS_URL.',
);

async function examineDatabase(
  { env, cwd, startedDatabaseUrl: url }: DoctorNeeds,
  configured: Config,
): Promise<Check[]> {
  const isBrought = configured.database === undefined && !configured.isDatabaseRefused && url !== undefined;
  const { database } = isBrought
    ? loadConfig({ env: { ...env, DATABASE_URL: url }, cwd, isKeyRequired: false, profiles })
    : configured;
  if (database === undefined) return [noDatabase];
  const connection = databaseConnection(database);
  const { hostname, port } = new URL(connection.connectionString);
  if (hostname === placeholderHost) return [ofIngresses];
  return judgeDatabase(await askDatabase(connection), `${hostname}:${port || '5432'}`);
}

/** Host in the `DATABASE_URL` that the chart and the compose file give workers in place of the ingresses'. */
const placeholderHost = 'the-ingresses-have-it';
const ofIngresses = ok(
  'database.connect',
  'There is a database, whose address and password only the ingresses have: it is not checked here.',
);

const noDatabase = ok(
  'database.connect',
  'No database is configured. `npm start` brings one; `npm run ingress` and `npm run worker` keep records only with DATABASE_URL.',
);

async function examinePorts(config: Config, env: DoctorNeeds['env']): Promise<Check[]> {
  const facts = await Promise.all(
    wantedPorts(config, env).map((wanted) => readPort(wanted, { recognise, findHolder })),
  );
  return facts.map(judgePort);
}

/** Reads the full status from the management port, which needs no key. */
async function examineRunning({ server }: Config, { memoryLimitBytes }: ProcessFacts): Promise<Check[]> {
  if (server.metricsPort === 0) return [];
  const status = await fetchPage(`${baseUrl(server.metricsHost, server.metricsPort)}/status`);
  return status === undefined || !('fleet' in status) ? [] : judgeRunning(status, memoryLimitBytes);
}

function filesOf({ cwd, stateFolder }: DoctorNeeds, settings: SettingsList | undefined): WatchedFile[] {
  const file = settings?.file;
  const hasSecrets = settings?.settings.some(
    ({ isSecret, origin }) => isSecret && origin.kind === 'file' && origin.variables.length === 0,
  );
  const logins = (settings?.config.upstreams ?? []).flatMap(({ credentials }) =>
    credentials.flatMap(({ tokens }) => (tokens?.kind === 'login' ? [tokens.path] : [])),
  );
  return [
    ...(file === undefined
      ? []
      : [{ path: resolve(cwd, file), kind: hasSecrets === true ? 'config' : 'secretless' } as const]),
    { path: join(cwd, '.env'), kind: 'dotenv' },
    ...(stateFolder === undefined || !holdsSecrets(stateFolder) ? [] : [{ path: stateFolder, kind: 'state' } as const]),
    ...logins.map((path) => ({ path, kind: 'login' }) as const),
  ];
}

/** Returns whether the folder has secrets. The set-up creates it for its lock; the first `npm start` adds secrets. */
const holdsSecrets = (stateFolder: string): boolean =>
  ['api-key', 'redis-url', 'redis.conf', 'logs'].some((name) => existsSync(join(stateFolder, name)));

/** Runs a group of checks; reports an unexpected error in it as a problem, so that the other groups continue. */
async function group(name: string, run: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ConfigError) return unusableFiles(error);
    const reason = error instanceof Error ? error.message : String(error);
    return [problem('doctor', `The checks of ${name} could not be carried out: ${reason}.`)];
  }
}

/** Removes secrets from a check: its text may quote a provider, a server or an error. */
function withoutSecrets(check: Check, secrets: readonly string[]): Check {
  const { text, advice } = check;
  return {
    ...check,
    text: redactSecrets(text, secrets),
    ...(advice === undefined ? {} : { advice }),
  };
}
