import { spawnSync } from 'node:child_process';

/** Runs a program and returns whether it succeeds within 20 s. */
export function works(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

/**
 * Returns whether the tests that need a tool must be skipped, and prints a message if so.
 *
 * @throws if the tool is missing although DEPLOY_TESTS=all requires every test
 */
export function isMissing(what: string, isThere: boolean): boolean {
  if (isThere) return false;
  const message = `${what} is wanted and not there`;
  if (process.env['DEPLOY_TESTS'] === 'all') throw new Error(message);
  process.stderr.write(`skipped: ${message}\n`);
  return true;
}
