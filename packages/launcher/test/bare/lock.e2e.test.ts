import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from '../../src/bare/lock.mjs';
import { livingProcess, processIdentity } from '../../src/bare/process-identity.mjs';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  path = join(folder, 'deep/a.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Id of a process that has ended. */
const endedPid = () => spawnSync(process.execPath, ['--version']).pid;

test('a lock is taken once and free again after its release', () => {
  const first = takeLock(path);
  expect(takeLock(path)).toEqual({ heldBy: process.pid });
  if ('release' in first) first.release();
  expect(existsSync(path)).toBe(false);
  expect(takeLock(path)).toHaveProperty('release');
});

test.each([
  ['has ended', () => `${endedPid()} 1`],
  ['has the number of a living process that began at another time', () => `${process.pid} 1`],
  ['is not named', () => ''],
])('a lock is taken over when its owner %s', (_case, owner) => {
  const lock = takeLock(path);
  writeFileSync(path, owner());
  expect(takeLock(path)).toHaveProperty('release');
  expect(readFileSync(path, 'utf8')).toBe(processIdentity(process.pid));
  expect(readdirSync(join(folder, 'deep'))).toEqual(['a.lock']);
  if ('release' in lock) lock.release();
});

test('a process is found by its identity as long as it runs', () => {
  expect(livingProcess(processIdentity(process.pid) ?? '')).toBe(process.pid);
  expect(processIdentity(endedPid())).toBeUndefined();
  expect(livingProcess('')).toBeUndefined();
});
