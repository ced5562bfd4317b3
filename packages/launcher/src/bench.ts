import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInForeground } from './bare/run.mjs';
import type { Terminal } from './bare/terminal.mjs';
import { type Product, withProduct } from './product.ts';
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

/**
 * Starts a separate product with the bench's own configuration and measures it.
 *
 * @returns the bench's exit code
 * @throws LaunchError when something that the product needs can't be had or does not become ready
 */
export async function bench({ root, env, terminal }: BenchLaunch, rest: readonly string[]): Promise<number> {
  mkdirSync(join(root, '.sluice'), { recursive: true });
  const [what, ...others] = rest;
  // `translate` measures the adapters alone, and `scale` computes: neither needs a product.
  if (what === 'translate' || what === 'scale') {
    const program = join(root, 'packages/bench/dist', what, 'main.js');
    return await runInForeground({ file: process.execPath, args: [program, ...others], cwd: root, env });
  }
  const file = join(root, '.sluice/bench.yaml');
  const isFairness = what === 'fairness';
  const [folder, args] = isFairness ? ['dist/fairness', others] : ['dist', rest];
  writeFileSync(file, JSON.stringify(isFairness ? fairConfiguration : configuration));
  const own = { ...env, SLUICE_CONFIG: file };
  const settings = readSettings(own, root);
  return await withProduct({ root, env: own, terminal, settings, isQuiet: true }, (product) =>
    runInForeground({
      file: process.execPath,
      args: [join(root, 'packages/bench', folder, 'main.js'), ...args],
      cwd: root,
      env: { ...env, BENCH_SETUP: JSON.stringify({ ...setupOf(product), keys: fairKeys }) },
    }),
  );
}

/** The facts about the product that the bench needs. */
function setupOf({ facts, plans, started }: Product): object {
  const measured = started.filter(({ name }) => name !== 'simulator');
  return {
    upstreamUrl: `${plans.find(({ name }) => name === 'simulator')?.url}/v1`,
    gateway: {
      url: facts.baseUrl,
      apiKey: facts.key.kind === 'plain' ? facts.key.text : undefined,
      pids: measured.flatMap(({ pid }) => pid ?? []),
    },
  };
}
