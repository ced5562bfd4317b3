import { expect, test } from 'vitest';
import { testSummary, type TestReport, unsteadySummary } from '../src/test-summary.ts';

const report = (counts: Partial<TestReport>): TestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...counts,
});

test('counts what passed and failed', () => {
  expect(testSummary(report({ numPassedTests: 12 }), false)).toBe('12 passed, 0 failed');
  const failed = {
    name: '/a.test.ts',
    status: 'failed',
    assertionResults: [{ status: 'passed' }, { status: 'failed' }],
  };
  expect(testSummary(report({ numPassedTests: 1, numFailedTests: 1, testResults: [failed] }), true)).toBe(
    '1 passed, 1 failed',
  );
});

test('names skipped tests only if there are any', () => {
  expect(testSummary(report({ numPassedTests: 2, numPendingTests: 3, numTodoTests: 1 }), false)).toBe(
    '2 passed, 0 failed, 4 skipped',
  );
});

test('counts a file that could not be loaded as a failure', () => {
  const broken = { name: '/b.test.ts', status: 'failed', assertionResults: [] };
  expect(testSummary(report({ numPassedTests: 5, testResults: [broken, broken] }), true)).toBe('5 passed, 2 failed');
});

test('a failed run never reads "0 failed"', () => {
  expect(testSummary(report({ numPassedTests: 5 }), true)).toBe('5 passed, 1 failed');
  expect(testSummary(undefined, true)).toBe('0 passed, 1 failed');
});

test('counts the second run of the files that failed at first, and says how many tests did', () => {
  const file = (name: string, ...states: readonly string[]): TestReport['testResults'][number] => ({
    name,
    status: states.includes('failed') ? 'failed' : 'passed',
    assertionResults: states.map((status) => ({ status })),
  });
  const unchanged = file('/a.test.ts', 'passed', 'passed', 'pending');
  const first = report({ numFailedTests: 1, testResults: [unchanged, file('/b.e2e.test.ts', 'failed', 'pending')] });
  const second = report({ testResults: [file('/b.e2e.test.ts', 'passed', 'passed')] });
  expect(unsteadySummary(first, second)).toBe('4 passed, 0 failed, 1 skipped, 1 unsteady');
});
