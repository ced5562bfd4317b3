import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const runner = fileURLToPath(new URL('fixtures/run-tests.ts', import.meta.url));
const installed = fileURLToPath(new URL('../../../node_modules', import.meta.url));

let root: string;

/** A repository with three tests, of which one fails and one is in a file that can't be loaded. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  mkdirSync(join(root, '.config'));
  symlinkSync(installed, join(root, 'node_modules'));
  writeFileSync(join(root, '.config/vitest.config.ts'), 'export default {};');
  const body = (statement: string): string => `import { expect, test } from 'vitest'; ${statement}`;
  writeFileSync(join(root, 'good.test.ts'), body("test('is right', () => expect(1).toBe(1));"));
  writeFileSync(join(root, 'bad.test.ts'), body("test('is wrong', () => expect(1).toBe(2));"));
  writeFileSync(join(root, 'broken.test.ts'), body("throw new Error('does not load');"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test.each([
  ['every test', [], 1, '1 passed, 2 failed'],
  ['the tests that the arguments name', ['good'], 0, '1 passed, 0 failed'],
  ['no test at all', ['nowhere'], 1, '0 passed, 1 failed'],
])('runs %s and ends with the counts', async (_case, args, code, summary) => {
  const command = { command: process.execPath, args: ['--conditions=@sluice/source', runner, root, ...args] };
  const running = await startProcess({ ...command, cwd: root, env: { CI: 'true', NO_COLOR: '1' } });
  expect(await running.exited).toEqual({ code, signal: null });
  // Vitest writes its errors to stderr, which a reader may get after the last line of stdout.
  expect(running.output().split('\n')).toContain(summary);
});
