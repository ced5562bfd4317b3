import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Root of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs vitest over one file of tests in its own folder, with a set-up file of testkit, and returns the output. */
export function runPlanted(setup: string, test: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-planted-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, '.config'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const options = { setupFiles: [join(root, setup)], include: ['planted.test.ts'] };
  writeFileSync(join(folder, '.config/vitest.config.ts'), `export default { test: ${JSON.stringify(options)} };`);
  writeFileSync(join(folder, 'planted.test.ts'), test);
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', '.config/vitest.config.ts'];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', VITEST: undefined, NODE_ENV: undefined },
  });
  return stdout + stderr;
}
