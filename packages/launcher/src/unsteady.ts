import type { TestReport } from './test-summary.ts';

/** The option of `npm test` under which failures that do not repeat fail no run. CI sets it. */
export const confirmOption = '--confirm-failures';

/** More failed files than this are a fault of the change, whatever a second run says. */
const mostFiles = 3;

/**
 * Returns the test files that are worth a second run, alone on the machine.
 *
 * These are files that start processes and wait for clocks: on a machine with two busy cores their bounds are missed
 * about once in 10,000 tests. A unit test depends on no clock, so its first failure counts.
 *
 * @returns an empty list if the whole failure can't be such a miss
 */
export function filesToConfirm(report: TestReport): readonly string[] {
  const failed = report.testResults.filter((file) => file.status === 'failed').map((file) => file.name);
  const isWorthwhile =
    failed.length <= mostFiles && failed.every((name) => /\.(redis|e2e|faults|load)\.test\./.test(name));
  return isWorthwhile ? failed : [];
}
