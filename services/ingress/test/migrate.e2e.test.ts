import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const main = fileURLToPath(new URL('../src/migrate.ts', import.meta.url));

/** Runs the program from its sources. */
async function migrate(env: NodeJS.ProcessEnv): Promise<{ readonly code: unknown; readonly output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-migrate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, ['--conditions=@sluice/source', main], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += String(piece)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

test.each([{}, { DATABASE_URL: 'none' }])('without a database (%j) it ends well and says so', async (env) => {
  const { code, output } = await migrate(env);
  expect(output).toContain('No database is configured');
  expect(code).toBe(0);
});

test('a database that does not answer is an error, which does not show the password', async () => {
  const { code, output } = await migrate({ DATABASE_URL: 'postgres://me:word-0001@127.0.0.1:1/records' });
  expect(output).toContain('The database is not available');
  expect(output).not.toContain('word-0001');
  expect(code).toBe(1);
});
