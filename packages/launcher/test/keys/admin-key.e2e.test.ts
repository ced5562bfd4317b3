import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { adminKeyFile, keepAdminKey, keptAdminKey } from '../../src/admin-key.ts';

test('the first admin key is kept where only its owner may read it, also in the place of a file for everybody', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-admin-key-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, '.sluice'));
  writeFileSync(join(root, adminKeyFile), 'sk-old\n', { mode: 0o644 });
  const said: string[] = [];
  const needs = { root, say: (text: string) => void said.push(text) };
  expect(keepAdminKey({ anything: 'else' }, needs)).toBeUndefined();
  expect(keptAdminKey(root)).toBe('sk-old');
  expect(keepAdminKey({ adminKey: 'sk-new' }, needs)).toEqual({ adminKeyKept: 'sk-new' });
  expect(keptAdminKey(root)).toBe('sk-new');
  expect(statSync(join(root, adminKeyFile)).mode & 0o777).toBe(0o600);
  expect(said).toEqual([expect.stringContaining('sk-new')]);
});
