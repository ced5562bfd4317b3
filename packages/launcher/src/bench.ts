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

/** Beyond any load of the bench: it is not the limits that are to be measured, though they are on. */
const configuration = { limits: { max_concurrent_requests: 10_000, queue_size: 10_000 } };

/** For `fairness`: one key has many clients, the others have one, and there are fewer places than keys. */
const fairKeys = Array.from({ length: 21 }, (_, at) => `sk-bench-fairness-${at}`);
const fairConfiguration = {
  keys: fairKeys.map((key) => ({ key })),
  // The clients of the one key wait for fifty times a turn of their key.
  limits: { max_concurrent_requests: 10, queue_size: 500, max_queue_wait_ms: 120_000 },
};

/**
 * Measures a product of its own, whatever the person has configured for theirs.
 *
 * @returns the bench's exit code
 * @throws LaunchError when something that is needed can't be had or does not come up
 */
export async function bench({ root, env, terminal }: BenchLaunch, rest: readonly string[]): Promise<number> {
  mkdirSync(join(root, '.sluice'), { recursive: true });
  const [what, ...others] = rest;
  // The adapters alone need no product.
  if (what === 'translate') {
    const program = join(root, 'packages/bench/dist/translate/main.js');
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

/** The facts about the product that the bench has to know. */
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
