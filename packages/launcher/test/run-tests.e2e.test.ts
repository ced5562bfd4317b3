import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const runner = fileURLToPath(new URL('fixtures/run-tests.ts', import.meta.url));
const installed = fileURLToPath(new URL('../../../node_modules', import.meta.url));

const body = (statement: string): string => `import { expect, test } from 'vitest'; ${statement}`;

let root: string;

/** A repository with three tests, of which one fails and one is in a file that can't be loaded. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  mkdirSync(join(root, '.config'));
  symlinkSync(installed, join(root, 'node_modules'));
  writeFileSync(join(root, '.config/vitest.config.ts'), 'export default {};');
  writeFileSync(join(root, 'good.test.ts'), body("test('is right', () => expect(1).toBe(1));"));
  writeFileSync(join(root, 'bad.test.ts'), body("test('is wrong', () => expect(1).toBe(2));"));
  writeFileSync(join(root, 'broken.test.ts'), body("throw new Error('does not load');"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A test that fails in its first run alone. */
const passesLater = `import { existsSync, writeFileSync } from 'node:fs';
  test('is slow at first', () => {
    const mark = new URL('ran', import.meta.url);
    const isSecond = existsSync(mark);
    writeFileSync(mark, '');
    expect(isSecond).toBe(true);
  });`;

test.each([
  ['every test', [], 1, '1 passed, 2 failed'],
  ['the tests that the arguments name', ['good'], 0, '1 passed, 0 failed'],
  ['no test at all', ['nowhere'], 1, '0 passed, 1 failed'],
])('runs %s and ends with the counts', async (_case, args, code, summary) => {
  expect(await run(args)).toEqual({ code, lines: expect.arrayContaining([summary]) });
});

test('confirms failures when it is asked to, in files that depend on time', async () => {
  writeFileSync(join(root, 'slow.e2e.test.ts'), body(passesLater));
  const outcome = await run(['good', 'slow', '--confirm-failures']);
  expect(outcome).toEqual({ code: 0, lines: expect.arrayContaining(['2 passed, 0 failed, 1 unsteady']) });
  expect(outcome.lines).toContain(join(realpathSync(root), 'slow.e2e.test.ts'));
});

test('forgives no failure beside an error outside all tests', async () => {
  writeFileSync(join(root, 'slow.e2e.test.ts'), body(passesLater));
  writeFileSync(
    join(root, 'good.test.ts'),
    body("test('forgets a promise', () => void Promise.reject(new Error('lost')));"),
  );
  const outcome = await run(['good', 'slow', '--confirm-failures']);
  expect(outcome).toEqual({ code: 1, lines: expect.arrayContaining(['1 passed, 1 failed']) });
});

test.each([
  ['when it is not asked to', 'slow.e2e.test.ts', passesLater, []],
  ['of unit tests', 'slow.test.ts', passesLater, ['--confirm-failures']],
  ['that repeat', 'slow.e2e.test.ts', "test('is wrong', () => expect(1).toBe(2));", ['--confirm-failures']],
])('forgives no failures %s', async (_case, file, text, options) => {
  writeFileSync(join(root, file), body(text));
  const outcome = await run(['good', 'slow', ...options]);
  expect(outcome).toEqual({ code: 1, lines: expect.arrayContaining(['1 passed, 1 failed']) });
});

/** @returns the exit code and the lines of the output, in no certain order: vitest writes its errors to stderr */
async function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly lines: string[] }> {
  const command = { command: process.execPath, args: ['--conditions=@sluice/source', runner, root, ...args] };
  const running = await startProcess({ ...command, cwd: root, env: { CI: 'true', NO_COLOR: '1' } });
  const { code } = await running.exited;
  return { code, lines: running.output().split('\n') };
}
