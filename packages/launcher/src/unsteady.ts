import type { TestReport } from './test-summary.ts';

/** The option of `npm test` under which failures that do not repeat fail no run. CI sets it. */
export const confirmOption = '--confirm-failures';

/** More failed files than this are a fault of the change, whatever a second run says. */
const mostFiles = 3;

/** Outcome of a run of vitest. */
export interface TestRun {
  readonly exitCode: number;
  /** Undefined when vitest ended without writing one. */
  readonly report: TestReport | undefined;
  /** Number of errors that belong to no test; infinite when vitest ended without counting them. */
  readonly unhandledErrors: number;
}

/**
 * Returns the failed test files that are worth a second run, alone on the machine.
 *
 * Files that use Redis or processes wait for clocks: on a machine with two busy cores their bounds are missed about once
 * in 10,000 tests. A unit test depends on no clock, so its first failure counts.
 *
 * @returns an empty list if something failed that a second run of these files can't show
 */
export function filesToConfirm({ report, unhandledErrors }: TestRun): readonly string[] {
  if (report === undefined || unhandledErrors > 0) return [];
  const failed = report.testResults.filter((file) => file.status === 'failed').map((file) => file.name);
  const isWorthwhile =
    failed.length <= mostFiles && failed.every((name) => /\.(redis|e2e|faults|load)\.test\./.test(name));
  return isWorthwhile ? failed : [];
}
