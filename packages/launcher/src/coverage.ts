import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runInForeground } from './bare/run.mjs';
import { runTests } from './run-tests.ts';

/** Where each process that a test starts leaves what it has run; testkit hands it on as NODE_V8_COVERAGE. */
const folderVariable = 'SLUICE_PROCESS_COVERAGE';

/**
 * Runs tests, counts what they and the processes that they start run of the product's source, and writes the sums of a run
 * of all tests into README.md.
 *
 * @returns vitest's exit code, or that of the sums where all tests passed
 */
export async function measureCoverage(root: string, rest: readonly string[]): Promise<number> {
  const processes = join(root, '.sluice/coverage');
  rmSync(processes, { recursive: true, force: true });
  process.env[folderVariable] = processes;
  const projects = ['unit', 'redis', 'e2e', 'timing'];
  const exitCode = await runTests(root, { projects, rest: ['--coverage', ...rest] });
  const tests = join(root, 'coverage/coverage-final.json');
  const options = rest.length === 0 && exitCode === 0 ? ['--readme'] : [];
  const sums = await runInForeground({
    file: process.execPath,
    // Of `stripTypeScriptTypes`.
    args: ['--disable-warning=ExperimentalWarning', join(root, '.config/coverage.ts'), tests, processes, ...options],
    cwd: root,
  });
  rmSync(processes, { recursive: true, force: true });
  return exitCode === 0 ? sums : exitCode;
}
