import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './bare/files.mjs';
import { runInForeground } from './bare/run.mjs';
import { coverageGate } from './coverage-gate.ts';
import { testSummary, type TestReport } from './test-summary.ts';

const compileCache = 'node_modules/.cache/sluice-tests';

/** The selection of tests to run. */
export interface TestSelection {
  /** Projects of the vitest configuration. */
  readonly projects: readonly string[];
  /** More arguments for vitest: parts of file names, options. A `--project` among them replaces `projects`. */
  readonly rest: readonly string[];
}

/**
 * Runs all tests of the projects, or those that the arguments name, and prints one last line with the counts.
 *
 * @returns vitest's exit code
 */
export async function runTests(root: string, { projects, rest }: TestSelection): Promise<number> {
  const reportFile = join(root, '.sluice/test-report.json');
  rmSync(reportFile, { force: true });
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run'];
  const settings = ['--config', join(root, '.config/vitest.config.ts'), '--root', root];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
  const chosen = rest.some((argument) => argument.startsWith('--project'))
    ? []
    : projects.flatMap((name) => ['--project', name]);
  const args = [...vitest, ...settings, ...chosen, ...reporters, ...coverageGate(rest), ...rest];
  const isCovered = rest.some((argument) => argument.startsWith('--coverage'));
  // Saves a tenth of a second for each file: vitest starts a process for it. Coverage of cached functions is not precise.
  const env = { ...process.env, ...(isCovered ? {} : { NODE_COMPILE_CACHE: join(root, compileCache) }) };
  const exitCode = await runInForeground({ file: process.execPath, args, cwd: root, env });
  const text = readIfThere(reportFile);
  const report = text === undefined ? undefined : (JSON.parse(text) as TestReport);
  console.log(`\n${testSummary(report, exitCode !== 0)}`);
  return exitCode;
}
