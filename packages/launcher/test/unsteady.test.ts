import { expect, test } from 'vitest';
import { filesToConfirm, type TestRun } from '../src/unsteady.ts';
import type { TestReport } from '../src/test-summary.ts';

const reportOf = (files: Readonly<Record<string, string>>): TestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: Object.entries(files).map(([name, status]) => ({ name, status, assertionResults: [] })),
});

test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
  ['nothing of a run that passed', { '/a.e2e.test.ts': 'passed' }, []],
  [
    'the failed files',
    { '/a.e2e.test.ts': 'failed', '/b.test.ts': 'passed', '/c.faults.test.ts': 'failed' },
    ['/a.e2e.test.ts', '/c.faults.test.ts'],
  ],
  ['nothing if a unit test failed too', { '/a.e2e.test.ts': 'failed', '/b.test.ts': 'failed' }, []],
  [
    'nothing if many files failed',
    Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`/${name}.redis.test.ts`, 'failed'])),
    [],
  ],
])('%s is confirmed', (_case, files, expected) => {
  const run: TestRun = { exitCode: 1, report: reportOf(files), unhandledErrors: 0 };
  expect(filesToConfirm(run)).toEqual(expected);
  expect(filesToConfirm({ ...run, unhandledErrors: 1 })).toEqual([]);
  expect(filesToConfirm({ ...run, report: undefined })).toEqual([]);
});
