import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './bare/files.mjs';
import { runInForeground } from './bare/run.mjs';
import { coverageGate } from './coverage-gate.ts';
import { testSummary, type TestReport, unsteadySummary } from './test-summary.ts';
import { confirmOption, filesToConfirm } from './unsteady.ts';

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
 * With `--confirm-failures` the few files that failed for want of time run once more, alone. If they pass, the run passes,
 * and names them.
 *
 * @returns vitest's exit code
 */
export async function runTests(root: string, { projects, rest }: TestSelection): Promise<number> {
  const isConfirming = rest.includes(confirmOption);
  const chosen = rest.filter((argument) => argument !== confirmOption);
  const first = await runVitest(root, { projects, rest: chosen });
  const toConfirm = isConfirming && first.report !== undefined ? filesToConfirm(first.report) : [];
  if (first.report === undefined || toConfirm.length === 0) {
    console.log(`\n${testSummary(first.report, first.exitCode !== 0)}`);
    return first.exitCode;
  }
  console.log(`\nRunning again, alone, what failed:\n${toConfirm.join('\n')}`);
  const options = chosen.filter((argument) => argument.startsWith('-'));
  const second = await runVitest(root, { projects, rest: [...options, '--no-file-parallelism', ...toConfirm] });
  const isConfirmed = second.exitCode !== 0;
  if (!isConfirmed) console.log(`\nUnsteady, failed once and then passed alone:\n${toConfirm.join('\n')}`);
  console.log(`\n${isConfirmed ? testSummary(first.report, true) : unsteadySummary(first.report)}`);
  return second.exitCode;
}

interface VitestRun {
  readonly exitCode: number;
  /** Undefined when vitest ended without writing one. */
  readonly report: TestReport | undefined;
}

async function runVitest(root: string, { projects, rest }: TestSelection): Promise<VitestRun> {
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
  return { exitCode, report: text === undefined ? undefined : (JSON.parse(text) as TestReport) };
}
