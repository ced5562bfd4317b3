import { spawnSync } from 'node:child_process';

/** Runs `file arguments` and returns whether it ended well within 20 s. */
export function works(file: string, args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

/**
 * Returns whether the tests that want a tool are to be skipped, and says so.
 *
 * @throws when it is missing although DEPLOY_TESTS=all asks for every test
 */
export function isMissing(what: string, isThere: boolean): boolean {
  if (isThere) return false;
  const message = `${what} is wanted and not there`;
  if (process.env['DEPLOY_TESTS'] === 'all') throw new Error(message);
  process.stderr.write(`skipped: ${message}\n`);
  return true;
}
