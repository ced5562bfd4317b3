// The program that bootstrap.mjs starts, on Node 24, after everything is installed and built.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeEnvFile } from './bare/env-file.mjs';
import { trustExtraCertificates } from './bare/extra-certificates.mjs';
import { LaunchError, reportFailure } from './bare/launch-error.mjs';
import { openTerminal } from './bare/terminal.mjs';
import { audit } from './audit.ts';
import { bench } from './bench.ts';
import { measureCoverage } from './coverage.ts';
import { doctor } from './doctor.ts';
import { logIn } from './login/login.ts';
import { cooldowns } from './cooldowns.ts';
import { manageKeys } from './keys/manage-keys.ts';
import { noteBinaries } from './postgres/find-binaries.ts';
import { findRedis } from './redis/find-redis.ts';
import { redisSources } from './redis/sources.ts';
import { runTests } from './run-tests.ts';
import { readSettings } from './settings.ts';
import { start } from './start.ts';

const withoutRedis = '--no-redis';
const root = fileURLToPath(new URL('../../..', import.meta.url));
const { env } = process;
const terminal = openTerminal(env);

// bootstrap.mjs holds our IPC channel open. The channel closes if bootstrap.mjs is killed, which then can't stop us.
if (env['SLUICE_SUPERVISED'] === '1') process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

/** Tests and benches must not depend on a person's own configuration. */
const commandsWithoutEnvFile = [
  'bench',
  'test',
  'coverage',
  'test:faults',
  'test:agents',
  'test:deploy',
  'soak',
  'audit',
];

async function run([command = '', ...rest]: readonly string[]): Promise<number> {
  const before = { ...env };
  if (!commandsWithoutEnvFile.includes(command)) {
    const said = takeEnvFile(root, env);
    // With --json a program reads the doctor's output.
    const say = rest.includes('--json') ? () => {} : terminal.say;
    if (said !== undefined) say(said);
    const isReadByNode = before['NODE_EXTRA_CA_CERTS'] !== undefined;
    const fault = isReadByNode ? undefined : trustExtraCertificates(env['NODE_EXTRA_CA_CERTS']);
    if (fault !== undefined) say(fault);
  }
  switch (command) {
    case 'start':
      return await start({ root, env, terminal, settings: readSettings(env, root) });
    case 'setup':
      return await endSetUp(rest);
    case 'bench':
      return await bench({ root, env, terminal }, rest);
    case 'login':
      return await logIn({ env, home: homedir(), cwd: env['INIT_CWD'] ?? process.cwd(), say: terminal.say }, rest);
    case 'cooldowns':
      return await cooldowns({ root, env }, rest);
    case 'keys':
      return await manageKeys({ root, env, say: terminal.say }, rest);
    case 'doctor':
      return await doctor(
        { root, env, dotenvNames: Object.keys(env).filter((name) => env[name] !== before[name]) },
        rest,
      );
    case 'test':
      await serversAtHand();
      return await runTests(root, { projects: ['unit', 'redis', 'postgres', 'e2e', 'timing'], rest });
    case 'coverage':
      await serversAtHand();
      return await measureCoverage(root, rest);
    case 'soak':
      await serversAtHand();
      return await runTests(root, { projects: ['soak'], rest });
    case 'audit':
      await serversAtHand();
      return await audit(root, env, rest);
    case 'test:agents':
      await serversAtHand();
      return await runTests(root, { projects: ['agents'], rest });
    case 'test:deploy':
      return await runTests(root, { projects: ['deploy'], rest });
    case 'test:faults':
      await serversAtHand();
      return await runTests(root, { projects: ['faults', 'load'], rest });
    default:
      throw new LaunchError(`Unknown command "${command}".`);
  }
}

/**
 * Finishes `npm run setup` after bootstrap.mjs. `--no-redis` is for image builds, which often can't reach Redis and need no
 * database.
 */
async function endSetUp(rest: readonly string[]): Promise<number> {
  const unknown = rest.find((argument) => argument !== withoutRedis);
  if (unknown !== undefined) throw new LaunchError(`setup does not know "${unknown}"; it knows ${withoutRedis}.`);
  const { redis, database } = rest.length === 0 ? await serversAtHand() : notLookedFor;
  terminal.say(`Redis: ${redis}. Database: ${database}. Everything is set up; \`npm start\` runs it.`);
  return 0;
}

interface ServersAtHand {
  readonly redis: string;
  readonly database: string;
}

const notLookedFor: ServersAtHand = {
  redis: `not looked for (${withoutRedis})`,
  database: `not looked for (${withoutRedis})`,
};

/** Checks that a Redis and the programs of PostgreSQL are available, without starting them. Tests run without PostgreSQL too. */
async function serversAtHand(): Promise<ServersAtHand> {
  const redis = await redisAtHand();
  const found = await noteBinaries({ searchPath: env['PATH'] ?? '', sharedFolder: join(root, '.sluice'), terminal });
  if ('reason' in found) return { redis, database: `none (${found.reason})` };
  env['SLUICE_POSTGRES_BIN'] ??= found.folder;
  return { redis, database: `PostgreSQL ${found.version.text} in ${found.folder}` };
}

/** Checks that a Redis is available, without starting one. */
async function redisAtHand(): Promise<string> {
  const given = { url: env['REDIS_URL'] || undefined, setting: 'REDIS_URL' };
  const stateFolder = join(root, '.sluice');
  const sources = redisSources({ given, searchPath: env['PATH'] ?? '', stateFolder, terminal });
  return (await findRedis(sources)).description;
}

run(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => process.exit(reportFailure(error, terminal.say)),
);
