import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepApiKey } from '../src/kept-secret.ts';
import { takeStateFolder } from '../src/state-folder.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-state-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the API key', () => {
  test('is made once, looks like a key and is for its owner alone', () => {
    const file = join(root, '.sluice/api-key');
    const key = keepApiKey(file);
    expect(key).toMatch(/^sk-[0-9A-Za-z]{32}$/);
    expect(keepApiKey(file)).toBe(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is made anew when the file holds something else', () => {
    const file = join(root, 'api-key');
    writeFileSync(file, 'sk-cut');
    expect(keepApiKey(file)).toMatch(/^sk-[0-9A-Za-z]{32}$/);
  });
});

test('each start that runs has a state folder of its own, the usual one as soon as it is free', () => {
  const first = takeStateFolder(root);
  const second = takeStateFolder(root);
  expect(first).toMatchObject({ path: join(root, '.sluice') });
  expect(first).not.toHaveProperty('besides');
  expect(second).toMatchObject({ path: join(root, '.sluice/run-2'), besides: process.pid });
  first.release();
  const third = takeStateFolder(root);
  expect(third.path).toBe(join(root, '.sluice'));
  second.release();
  third.release();
});

test('the state folder is for its owner alone, also when it was not before', () => {
  mkdirSync(join(root, '.sluice'));
  chmodSync(join(root, '.sluice'), 0o755);
  takeStateFolder(root).release();
  expect(statSync(join(root, '.sluice')).mode & 0o777).toBe(0o700);
});
