import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepSecretKey } from '../src/kept-secret.ts';
import { secretKeyForReaders } from '../src/reader-secret.ts';
import { cooldowns } from '../src/cooldowns.ts';

let root: string;
let file: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-reader-'));
  file = join(root, '.sluice/secret-key');
});
afterEach(() => rmSync(root, { recursive: true }));

it('a command that only reads gets the secret that npm start has generated', () => {
  const made = keepSecretKey(file);
  expect(secretKeyForReaders(root)).toBe(made);
});

it('a command that only reads creates no secret file, and ignores a secret of another form', () => {
  expect(secretKeyForReaders(root)).toMatch(/^[\w-]{43}$/);
  expect(existsSync(join(root, '.sluice'))).toBe(false);
  mkdirSync(join(root, '.sluice'));
  for (const text of ['', '\n', 'cut']) {
    writeFileSync(file, text);
    expect(secretKeyForReaders(root)).toMatch(/^[\w-]{43}$/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  }
});

it('npm run cooldowns leaves no secret behind', async () => {
  const env = { SLUICE_COMPAT: 'zai-proxy' };
  await expect(cooldowns({ root, env }, [])).rejects.toThrow(/^No Redis is configured/);
  expect(existsSync(join(root, '.sluice'))).toBe(false);
});
