/** The used part of the report that vitest's JSON reporter writes. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    /** Absolute path of the file. */
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Returns the last line of `npm test`, for programs to read: `12 passed, 0 failed`, then `, 1 skipped` if any were.
 *
 * A file that could not be loaded counts as one failure. So does a run that failed although all its tests passed, as after
 * an unhandled rejection: a failed run never reads `0 failed`.
 *
 * @param report undefined when vitest wrote none
 * @param isFailure true if vitest's exit code says that the run failed
 */
export function testSummary(report: TestReport | undefined, isFailure: boolean): string {
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const brokenFiles = report?.testResults.filter(isBrokenFile).length ?? 0;
  const failed = Math.max((report?.numFailedTests ?? 0) + brokenFiles, isFailure ? 1 : 0);
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/**
 * Returns the last line of a run whose failures did not repeat: that of `testSummary`, then `, 1 unsteady`.
 *
 * @param second the report of the second run, of the failed files alone
 */
export function unsteadySummary(first: TestReport, second: TestReport): string {
  const again = new Set(second.testResults.map(({ name }) => name));
  const files = [...first.testResults.filter(({ name }) => !again.has(name)), ...second.testResults];
  const states = files.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  const passed = states.filter((status) => status === 'passed').length;
  const unsteady = first.numFailedTests + first.testResults.filter(isBrokenFile).length;
  const skipped = states.length === passed ? [] : [`${states.length - passed} skipped`];
  return [`${passed} passed`, '0 failed', ...skipped, `${unsteady} unsteady`].join(', ');
}

/** Returns whether the file failed without a failed test, which would be counted already. */
function isBrokenFile({ status, assertionResults }: TestReport['testResults'][number]): boolean {
  return status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed');
}
