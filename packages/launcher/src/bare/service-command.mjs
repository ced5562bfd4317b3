import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The entry point of each program, relative to the repository's root. */
const entries = {
  ingress: 'services/ingress/dist/main.js',
  worker: 'services/worker/dist/main.js',
  migrate: 'services/ingress/dist/migrate.js',
  simulator: 'packages/simulator/dist/main.js',
};

/** @type {ReadonlySet<keyof typeof entries>} */
const untraced = new Set(['simulator', 'migrate']);

const telemetry = 'packages/telemetry/dist/register.js';

/**
 * Flags that bound a service's memory. With Node's defaults a service with 2,000 open streams grows to 540 MB, of which
 * 90 are in use; with the first two flags it stays at 300. The service lowers the second one to 40 while many requests are
 * open (`fitHeapGrowth`). The third keeps compiled code: in so small a heap, code that was idle for some collections
 * would be compiled again, which takes 18 % of an ingress's CPU under load that comes and goes (docs/performance.md). The
 * flags have their own file because images and the test kit read it too. They work only on Node's command line: Node
 * refuses the last two in NODE_OPTIONS, and the first has no effect once the process runs.
 *
 * @type {readonly string[]}
 */
const memory = JSON.parse(readFileSync(new URL('../../node-flags.json', import.meta.url), 'utf8'));

/** @typedef {keyof typeof entries} ProgramName */
/** @typedef {Exclude<ProgramName, 'migrate'>} ServiceName a program that runs until it is stopped */

/**
 * @param {string | undefined} name
 * @returns {name is ProgramName}
 */
export function isProgramName(name) {
  return name !== undefined && Object.hasOwn(entries, name);
}

/**
 * Returns the arguments with which Node runs one of our programs. Telemetry must be loaded before the modules that it
 * instruments; the simulator imitates a provider's server and has no telemetry.
 *
 * @param {{ readonly root: string, readonly name: ProgramName }} service
 * @returns {string[]}
 */
export function serviceArguments({ root, name }) {
  const ours = untraced.has(name) ? [] : [...memory, '--import', pathToFileURL(join(root, telemetry)).href];
  return ['--enable-source-maps', ...ours, join(root, entries[name])];
}

/**
 * Returns the environment of one of our programs: Node keeps the compiled code in our private folder, which saves a start 15 %
 * of its CPU (ingress 800 -> 670 ms, worker 920 -> 790 on a busy machine). Not under coverage, which would not be precise.
 *
 * @param {{ readonly root: string, readonly env: NodeJS.ProcessEnv }} start
 * @returns {NodeJS.ProcessEnv}
 */
export function serviceEnvironment({ root, env }) {
  if (env['NODE_V8_COVERAGE'] !== undefined) return env;
  const folder = join(root, '.sluice');
  try {
    // Another user who can write there could plant code.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return env;
  }
  return { NODE_COMPILE_CACHE: join(folder, 'compile-cache'), ...env };
}

/**
 * Returns whether the files that `serviceArguments` names are built.
 *
 * @param {{ readonly root: string, readonly name: ProgramName }} service
 */
export function isBuilt({ root, name }) {
  const needed = untraced.has(name) ? [entries[name]] : [telemetry, entries[name]];
  return needed.every((path) => existsSync(join(root, path)));
}
