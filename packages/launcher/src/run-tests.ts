import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIfThere } from './bare/files.mjs';
import { runInForeground } from './bare/run.mjs';
import { unhandledFile } from './bare/unhandled-reporter.mjs';
import { coverageGate } from './coverage-gate.ts';
import { testSummary, type TestReport, unsteadySummary } from './test-summary.ts';
import { confirmOption, filesToConfirm, type TestRun } from './unsteady.ts';

const compileCache = 'node_modules/.cache/sluice-tests';

/** The selection of tests to run. */
export interface TestSelection {
  /** Projects of the vitest configuration. */
  readonly projects: readonly string[];
  /** More arguments for vitest: parts of file names, options. A `--project` among them replaces `projects`. */
  readonly rest: readonly string[];
}

/** Reporter that counts the errors outside all tests. */
const unhandledReporter = fileURLToPath(new URL('./bare/unhandled-reporter.mjs', import.meta.url));

/**
 * Runs all tests of the projects, or those that the arguments name, and prints one last line with the counts.
 *
 * With `--confirm-failures` up to three failed files that use Redis or processes run once more, alone. If they pass, and
 * nothing else failed, the run passes and names them.
 *
 * @returns vitest's exit code
 */
export async function runTests(root: string, { projects, rest }: TestSelection): Promise<number> {
  const chosen = rest.filter((argument) => argument !== confirmOption);
  const isConfirming = chosen.length < rest.length && !chosen.some((argument) => argument.startsWith('--coverage'));
  const first = await runVitest(root, { projects, rest: chosen });
  const toConfirm = isConfirming ? filesToConfirm(first) : [];
  if (first.report === undefined || toConfirm.length === 0) {
    console.log(`\n${testSummary(first.report, first.exitCode !== 0)}`);
    return first.exitCode;
  }
  console.log(`\nRunning again, alone, what failed:\n${toConfirm.join('\n')}`);
  const second = await runVitest(root, { projects, rest: ['--no-file-parallelism', ...toConfirm] });
  if (second.exitCode !== 0 || second.report === undefined) {
    console.log(`\n${testSummary(first.report, true)}`);
    return first.exitCode;
  }
  console.log(`\nUnsteady, failed once and then passed alone:\n${toConfirm.join('\n')}`);
  console.log(`\n${unsteadySummary(first.report, second.report)}`);
  return 0;
}

async function runVitest(root: string, { projects, rest }: TestSelection): Promise<TestRun> {
  const reportFile = join(root, '.sluice/test-report.json');
  rmSync(reportFile, { force: true });
  rmSync(join(root, unhandledFile), { force: true });
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run'];
  const settings = ['--config', join(root, '.config/vitest.config.ts'), '--root', root];
  const reporters = ['default', 'json', unhandledReporter].map((reporter) => `--reporter=${reporter}`);
  const outputs = [...reporters, `--outputFile.json=${reportFile}`];
  const chosen = rest.some((argument) => argument.startsWith('--project'))
    ? []
    : projects.flatMap((name) => ['--project', name]);
  const args = [...vitest, ...settings, ...chosen, ...outputs, ...coverageGate(rest), ...rest];
  const isCovered = rest.some((argument) => argument.startsWith('--coverage'));
  // Saves a tenth of a second for each file: vitest starts a process for it. Coverage of cached functions is not precise.
  const env = { ...process.env, ...(isCovered ? {} : { NODE_COMPILE_CACHE: join(root, compileCache) }) };
  const exitCode = await runInForeground({ file: process.execPath, args, cwd: root, env });
  const text = readIfThere(reportFile);
  return {
    exitCode,
    report: text === undefined ? undefined : (JSON.parse(text) as TestReport),
    unhandledErrors: Number(readIfThere(join(root, unhandledFile)) ?? Infinity),
  };
}
