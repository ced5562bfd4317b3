import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runInForeground } from './bare/run.mjs';
import { serviceArguments } from './bare/service-command.mjs';
import type { Terminal } from './bare/terminal.mjs';
import { anyFreePort, choosePort } from './ports.ts';
import { type Product, withProduct } from './product.ts';
import type { ServicePlan } from './services.ts';
import { readSettings } from './settings.ts';

export interface BenchLaunch {
  /** The repository. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
}

/** Limits beyond any load of the bench, so that they are checked for each request but never reached. */
const configuration = { limits: { max_concurrent_requests: 10_000, queue_size: 10_000 } };

/** Keys of `fairness`: the first has many clients, the others have one each, and there are fewer leases than keys. */
const fairKeys = Array.from({ length: 21 }, (_, at) => `sk-bench-fairness-${at}`);
const fairConfiguration = {
  keys: fairKeys.map((key) => ({ key })),
  // A client of the first key waits up to fifty turns of its key.
  limits: { max_concurrent_requests: 10, queue_size: 500, max_queue_wait_ms: 120_000 },
};

/** The programs of the bench, by the first argument; without one of these words it is part of the arguments of `main.js`. */
const folders = new Map([
  ['fairness', 'dist/fairness'],
  ['compare', 'dist/compare'],
]);
/** Programs that check their arguments before the product is started. */
const checkedFolders = ['dist', 'dist/compare'];

const loopback = '127.0.0.1';

/**
 * Starts a separate product with the bench's own configuration and measures it.
 *
 * @returns the bench's exit code
 * @throws LaunchError when something that the product needs can't be had or does not become ready
 */
export async function bench(launch: BenchLaunch, rest: readonly string[]): Promise<number> {
  const { root, env, terminal } = launch;
  mkdirSync(join(root, '.sluice'), { recursive: true });
  const [what = '', ...others] = rest;
  const run = (folder: string, args: readonly string[], setup: object = {}): Promise<number> =>
    runInForeground({
      file: process.execPath,
      args: [join(root, 'packages/bench', folder, 'main.js'), ...args],
      cwd: root,
      env: { ...env, BENCH_SETUP: JSON.stringify(setup) },
    });
  // `translate` measures the adapters alone, and `scale` computes: neither needs a product.
  if (what === 'translate' || what === 'scale') return await run(`dist/${what}`, others);
  const folder = folders.get(what) ?? 'dist';
  const args = folders.has(what) ? others : rest;
  if (checkedFolders.includes(folder)) {
    // A mistake is reported at once, not after the start of the product.
    const exitCode = await run(folder, [...args, '--check']);
    if (exitCode !== 0) return exitCode;
  }
  const file = join(root, '.sluice/bench.yaml');
  writeFileSync(file, JSON.stringify(what === 'fairness' ? fairConfiguration : configuration));
  // Records cost a part of what is measured, so a database must be asked for.
  const own = { DATABASE_URL: 'none', ...env, ...(await upstreamPort(args)), SLUICE_CONFIG: file };
  const settings = readSettings(own, root);
  return await withProduct({ root, env: own, terminal, settings, isQuiet: true }, async (product) =>
    run(folder, args, await setupOf(product, launch)),
  );
}

/** Returns the variable of the simulator's port if `--upstream-port` chooses it; the bench has checked its value. */
async function upstreamPort(args: readonly string[]): Promise<{ readonly SIMULATOR_PORT?: string }> {
  const option = 'upstream-port';
  const { values } = parseArgs({
    args: [...args],
    options: { [option]: { type: 'string' } },
    strict: false,
    allowPositionals: true,
  });
  const value = values[option];
  if (typeof value !== 'string') return {};
  const names = { variable: `--${option}`, hostSetting: `--${option}` };
  await choosePort({ ...names, port: Number(value), isExplicit: true, host: loopback, taken: [] });
  return { SIMULATOR_PORT: value };
}

/** The facts about the product that the bench needs. */
async function setupOf({ facts, plans, started }: Product, { root, env }: BenchLaunch): Promise<object> {
  const measured = started.filter(({ name }) => name !== 'simulator');
  const services = plans.filter(({ name }) => name !== 'simulator');
  return {
    upstreamUrl: `${plans.find(({ name }) => name === 'simulator')?.url}/v1`,
    upstreamPid: started.find(({ name }) => name === 'simulator')?.pid,
    gateway: {
      url: facts.baseUrl,
      apiKey: facts.key.kind === 'plain' ? facts.key.text : undefined,
      pids: measured.flatMap(({ pid }) => pid ?? []),
    },
    services: await Promise.all(services.map((plan) => replicaOf(plan, { root, env }))),
    keys: fairKeys,
  };
}

/** Returns the command of a further replica on ports of its own, whose start the bench measures. */
async function replicaOf(
  { name, env, url }: ServicePlan,
  { root, env: own }: Omit<BenchLaunch, 'terminal'>,
): Promise<object> {
  const ready = new URL('/readyz', url);
  const [port, managementPort] = [String(await anyFreePort(loopback)), String(await anyFreePort(loopback))];
  ready.port = port;
  const ports = name === 'ingress' ? { PORT: port, METRICS_PORT: managementPort } : { METRICS_PORT: port };
  return {
    name,
    file: process.execPath,
    args: serviceArguments({ root, name }),
    // The bench inherits the rest: all variables together may be too long for one.
    env: Object.fromEntries(
      Object.entries({ ...env, ...ports }).filter(([variable, value]) => own[variable] !== value),
    ),
    readyUrl: ready.href,
    image: `sluice/${name}`,
  };
}
