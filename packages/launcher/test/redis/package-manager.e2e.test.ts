import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localServer } from '../../src/redis/local-server.ts';
import { packageManagerRedis } from '../../src/redis/package-manager.ts';
import { makeUpMachine, type MadeUpMachine } from '../made-up-machine.ts';

let machine: MadeUpMachine;

beforeEach(() => {
  machine = makeUpMachine();
  // A sudo that always works gives this test the same result for every user.
  machine.install(
    'sudo',
    "import { spawnSync } from 'node:child_process'; const [, file, ...args] = process.argv.slice(2); process.exit(file === 'true' ? 0 : spawnSync(file, args, { stdio: 'inherit' }).status);",
  );
});
afterEach(() => machine.remove());

function find() {
  const { bin, terminal, stateFolder } = machine;
  const installed = () => localServer({ searchPath: bin, stateFolder, terminal });
  return packageManagerRedis({ searchPath: bin, installed, terminal }).find();
}

const installer = (text: string) => `
import { appendFileSync, copyFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(join(machine.bin, 'calls.log'))}, process.argv.slice(2).join(' ') + '\\n');
${text}
`;

test('announces the installation, installs Redis and offers it', async () => {
  machine.installRedis('held-back', '7.2.0');
  const { bin } = machine;
  const copy = `copyFileSync(${JSON.stringify(join(bin, 'held-back'))}, ${JSON.stringify(join(bin, 'redis-server'))});`;
  machine.install('dnf', installer(copy));
  expect(await find()).toMatchObject({ description: 'redis-server 7.2.0' });
  expect(readFileSync(join(bin, 'calls.log'), 'utf8')).toBe('install -y redis\n');
  expect(machine.said().split('\n')[0]).toBe('Installing redis with dnf …');
});

test('tries Valkey when Redis can not be installed, then returns the reason', async () => {
  machine.install('dnf', installer("console.error('No match for ' + process.argv.at(-1)); process.exit(1);"));
  expect(await find()).toEqual({ reason: "dnf can't install redis: No match for valkey" });
});

test('is unavailable without a package manager', async () => {
  expect(await find()).toEqual({ reason: 'no package manager that we know' });
  expect(existsSync(join(machine.bin, 'calls.log'))).toBe(false);
});
