// The first file of `npm start` and the other commands. It runs before anything is installed, on Node 20 or newer, so it
// and its imports are plain JavaScript on Node's own modules. It installs the dependencies and Node 24, builds, and then
// runs main.ts or a service.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from './bare/build.mjs';
import { areDependenciesInstalled, installDependencies } from './bare/dependencies.mjs';
import { LaunchError, reportFailure } from './bare/launch-error.mjs';
import { takeLock } from './bare/lock.mjs';
import { findNode24, majorOf } from './bare/node-24.mjs';
import { runInForeground } from './bare/run.mjs';
import { isBuilt, isProgramName, serviceArguments, serviceEnvironment } from './bare/service-command.mjs';
import { stopWithParent } from './bare/signals.mjs';
import { openTerminal } from './bare/terminal.mjs';

const oldestMajor = 20;
const lockPollMs = 200;
const launcherCommands = [
  'start',
  'setup',
  'test',
  'coverage',
  'test:faults',
  'test:agents',
  'test:deploy',
  'soak',
  'audit',
  'bench',
  'login',
  'cooldowns',
  'keys',
  'doctor',
];

const root = fileURLToPath(new URL('../../..', import.meta.url));
const terminal = openTerminal(process.env);

/**
 * @param {readonly string[]} argv the command, then its arguments
 * @returns {Promise<number>} exit code
 */
async function main([command = '', ...rest]) {
  if (majorOf(process.version) < oldestMajor) {
    throw new LaunchError(`Sluice needs Node ${oldestMajor} or newer to set itself up; this is ${process.version}.`);
  }
  if (isProgramName(command)) return await runService(command, rest);
  if (!launcherCommands.includes(command)) {
    throw new LaunchError(
      `Unknown command "${command}". There are: ${launcherCommands.join(', ')}, ingress, worker, simulator, migrate.`,
    );
  }
  const node = await setUp();
  const launcher = join(root, 'packages/launcher/dist/main.js');
  return await runInForeground({ file: node, args: ['--enable-source-maps', launcher, command, ...rest], cwd: root });
}

/**
 * Runs one replica in the foreground. It must be ready within seconds, so the set-up is only checked, not done.
 *
 * @param {import('./bare/service-command.mjs').ProgramName} name
 * @param {readonly string[]} rest
 */
async function runService(name, rest) {
  if (!areDependenciesInstalled(root) || !isBuilt({ root, name })) {
    throw new LaunchError(
      `The ${name} is not set up yet, or its dependencies have changed: run \`npm run setup\` first.`,
    );
  }
  const node = await findNode24({ root, mayInstall: false, terminal });
  const envFile = pathToFileURL(join(root, 'packages/launcher/src/bare/preload-env-file.mjs')).href;
  const args = ['--import', envFile, ...serviceArguments({ root, name }), ...rest];
  return await runInForeground({ file: node, args, env: serviceEnvironment({ root, env: process.env }) });
}

/** @returns {Promise<string>} the path of the Node that runs the rest */
async function setUp() {
  const lock = await waitForLock(join(root, '.sluice/setup.lock'));
  try {
    const mustInstall = !areDependenciesInstalled(root);
    if (mustInstall) await terminal.step('Installing dependencies with npm ci', () => installDependencies(root));
    const node = await findNode24({ root, mayInstall: mustInstall, terminal });
    await terminal.step('Building', () => build({ root, node }));
    return node;
  } finally {
    lock.release();
  }
}

/**
 * Waits for the set-up lock: two commands at once must not both delete and fill node_modules.
 *
 * @param {string} path
 */
async function waitForLock(path) {
  for (let isFirst = true; ; isFirst = false) {
    const lock = takeLock(path);
    if ('release' in lock) return lock;
    if (isFirst) terminal.say(`Another command (process ${lock.heldBy}) is setting up this folder: waiting for it …`);
    await delay(lockPollMs);
  }
}

// Only under npm: a person who runs this file by hand may close the shell and leave it running.
if (process.env['npm_lifecycle_event'] !== undefined) stopWithParent();

main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error) => process.exit(reportFailure(error, terminal.say)),
);
