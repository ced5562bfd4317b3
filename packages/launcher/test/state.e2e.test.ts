import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LaunchError } from '../src/bare/launch-error.mjs';
import { keepApiKey, keepSecretKey, readKeptSecretKey, secretKeyFile } from '../src/kept-secret.ts';
import { takeStateFolder } from '../src/state-folder.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-state-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the API key', () => {
  test('is generated once, looks like a key and is readable only for its owner', () => {
    const file = join(root, '.sluice/api-key');
    const key = keepApiKey(file);
    expect(key).toMatch(/^sk-[0-9A-Za-z]{32}$/);
    expect(keepApiKey(file)).toBe(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is generated again when the file has other content', () => {
    const file = join(root, 'api-key');
    writeFileSync(file, 'sk-cut');
    expect(keepApiKey(file)).toMatch(/^sk-[0-9A-Za-z]{32}$/);
  });
});

describe('the secret that encrypts tokens', () => {
  const file = (): string => join(root, secretKeyFile);

  test('is generated once, and reading does not generate it', () => {
    expect(readKeptSecretKey(root)).toBeUndefined();
    expect(existsSync(join(root, '.sluice'))).toBe(false);
    const secret = keepSecretKey(file());
    expect(keepSecretKey(file())).toBe(secret);
    expect(readKeptSecretKey(root)).toBe(secret);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(root, '.sluice'))).toEqual(['secret-key']);
  });

  test.each(['', 'short', 'a secret of the operator, longer than forty-three characters'])(
    'does not overwrite %j, which was not generated',
    (text) => {
      mkdirSync(join(root, '.sluice'));
      writeFileSync(file(), text);
      expect(() => keepSecretKey(file())).toThrow(LaunchError);
      expect(readFileSync(file(), 'utf8')).toBe(text);
      expect(readKeptSecretKey(root)).toBeUndefined();
    },
  );

  test('loses the rights of other users that a copy has added', () => {
    keepSecretKey(file());
    chmodSync(file(), 0o644);
    keepSecretKey(file());
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test('is the same for processes that start at the same time', async () => {
    const program = `
      import { keepSecretKey } from ${JSON.stringify(new URL('../src/kept-secret.ts', import.meta.url).href)};
      process.stdin.once('data', () => {
        process.stdout.write(keepSecretKey(${JSON.stringify(file())}));
        process.exit();
      });
      process.stdout.write('ready\\n');`;
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
      let output = '';
      child.stdout.on('data', (text: Buffer) => void (output += text.toString()));
      child.stderr.on('data', (text: Buffer) => void (output += text.toString()));
      return { child, outputOf: () => output };
    });
    await until(() => children.every(({ outputOf }) => outputOf() === 'ready\n'), { what: 'four processes' });
    for (const { child } of children) child.stdin.write('go');
    await Promise.all(children.map(({ child }) => once(child, 'close')));
    const kept = readFileSync(file(), 'utf8').trim();
    expect(children.map(({ outputOf }) => outputOf())).toEqual(children.map(() => `ready\n${kept}`));
  });
});

test('each running start has its own state folder, the default one as soon as it is free', () => {
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

test('the state folder becomes readable only for its owner', () => {
  mkdirSync(join(root, '.sluice'));
  chmodSync(join(root, '.sluice'), 0o755);
  takeStateFolder(root).release();
  expect(statSync(join(root, '.sluice')).mode & 0o777).toBe(0o700);
});
