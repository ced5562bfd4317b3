import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runInForeground } from './bare/run.mjs';
import { runTests } from './run-tests.ts';

/** Variable with the folder for the coverage of each process that a test starts; testkit passes it on as NODE_V8_COVERAGE. */
const folderVariable = 'SLUICE_PROCESS_COVERAGE';

/**
 * Runs tests and measures how much of the product's source they and their child processes run. After a run of all tests
 * the totals are written to README.md.
 *
 * @returns vitest's exit code, or the exit code of the totals when all tests passed
 */
export async function measureCoverage(root: string, rest: readonly string[]): Promise<number> {
  const processes = join(root, '.sluice/coverage');
  rmSync(processes, { recursive: true, force: true });
  process.env[folderVariable] = processes;
  const projects = ['unit', 'redis', 'postgres', 'e2e', 'timing'];
  const exitCode = await runTests(root, { projects, rest: ['--coverage', ...rest] });
  const tests = join(root, 'coverage/coverage-final.json');
  const options = rest.length === 0 && exitCode === 0 ? ['--readme'] : [];
  const sums = await runInForeground({
    file: process.execPath,
    // `stripTypeScriptTypes` prints this warning.
    args: ['--disable-warning=ExperimentalWarning', join(root, '.config/coverage.ts'), tests, processes, ...options],
    cwd: root,
  });
  rmSync(processes, { recursive: true, force: true });
  return exitCode === 0 ? sums : exitCode;
}
