import { parseArgs } from 'node:util';
import { LaunchError } from './bare/launch-error.mjs';
import { runTests } from './run-tests.ts';

const usage = 'npm run audit -- [--requests 10000] [--seed 1]';

/**
 * Runs the audit of the ledger: the fault test of the same name with more requests. Prints both sides, and fails on a
 * difference.
 *
 * @returns exit code
 * @throws LaunchError for wrong arguments
 */
export async function audit(root: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<number> {
  const { requests, seed } = readAuditOptions(args);
  env['SLUICE_AUDIT_REQUESTS'] = String(requests);
  env['SLUICE_AUDIT_SEED'] = String(seed);
  return await runTests(root, { projects: ['faults'], rest: ['packages/e2e/test/faults/audit.faults'] });
}

export interface AuditOptions {
  readonly requests: number;
  readonly seed: number;
}

/** @throws LaunchError for wrong arguments */
export function readAuditOptions(args: readonly string[]): AuditOptions {
  const options = { requests: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    return { requests: toCount('--requests', values.requests), seed: toCount('--seed', values.seed) };
  } catch (error) {
    throw new LaunchError(`${error instanceof Error ? error.message : String(error)} Usage: ${usage}`);
  }
}

function toCount(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new Error(`${name} must be a whole number above 0; it is "${text}".`);
}
