import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const setup = join(root, 'packages/testkit/src/checklist/explain-failures.ts');
const kit = join(root, 'packages/testkit/src/verifies.ts');

it('prints the promises of a failed test below its error, and not those of a test that passes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-promises-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, '.config'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const options = { setupFiles: [setup], include: ['planted.test.ts'] };
  writeFileSync(join(folder, '.config/vitest.config.ts'), `export default { test: ${JSON.stringify(options)} };`);
  writeFileSync(
    join(folder, 'planted.test.ts'),
    `import { expect, test } from 'vitest';
import { verifies } from ${JSON.stringify(kit)};
test('breaks', verifies('000-36', '000-03'), () => expect(1).toBe(2));
test('holds', verifies('000-02'), () => expect(1).toBe(1));
`,
  );
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', '.config/vitest.config.ts'];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', VITEST: undefined, NODE_ENV: undefined },
  });
  const output = stdout + stderr;
  expect(output).toContain('expected 1 to be 2');
  expect(output).toMatch(
    /The test proves:\n000-36 Then the request is signed again, .* \(README of zai-proxy, lines? .*\)/,
  );
  expect(output).toContain('000-03 Five GLM models are served. (README of zai-proxy, line 9)');
  expect(output).not.toContain('000-02 Answers');
});
