import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dockerRedis } from '../../src/redis/docker.ts';
import type { Started } from '../../src/started.ts';
import { makeUpMachine, type MadeUpMachine } from '../made-up-machine.ts';

let machine: MadeUpMachine;
let started: Started[];

beforeEach(() => {
  machine = makeUpMachine();
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((thing) => thing.stop()));
  machine.remove();
});

const find = () => dockerRedis({ ...machine, searchPath: machine.bin }).find();
const calls = () => readFileSync(join(machine.bin, 'calls.log'), 'utf8').trim().split('\n');

/** Notes its calls, runs the made-up redis-server for `run` and ends it for `rm`. `body` runs first. */
const docker = (body: string) => `
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
const bin = ${JSON.stringify(machine.bin)};
const args = process.argv.slice(2);
appendFileSync(bin + '/calls.log', args.join(' ') + '\\n');
${body}
const pidFile = bin + '/container.pid';
if (args[0] === 'run') {
  const [, host, port] = /--publish ([\\d.]+):(\\d+):6379/.exec(args.join(' '));
  const child = spawn(bin + '/redis-server', ['--port', port, '--bind', host, '--dir', bin], { detached: true, stdio: 'ignore' });
  writeFileSync(pidFile, String(child.pid));
  child.unref();
}
if (args[0] === 'rm' && existsSync(pidFile)) {
  process.kill(Number(readFileSync(pidFile, 'utf8')));
  rmSync(pidFile);
}
`;

test('is unavailable without a docker program', async () => {
  expect(await find()).toEqual({ reason: 'no docker on PATH' });
});

test('is unavailable when no engine answers, and says why', async () => {
  machine.install(
    'docker',
    docker("if (args[0] === 'info') { console.error('Cannot connect to the daemon.'); process.exit(1); }"),
  );
  expect(await find()).toEqual({ reason: 'no Docker engine answers: Cannot connect to the daemon.' });
});

test('is unavailable when the image can not be pulled', async () => {
  const broken = "if (args[0] === 'image' || args[0] === 'pull') { console.error('no such host'); process.exit(1); }";
  machine.install('docker', docker(broken));
  expect(await find()).toEqual({ reason: "Docker can't get the image redis:8-alpine: no such host" });
});

test('pulls the image only if it is missing', async () => {
  machine.install('docker', docker(''));
  await find();
  expect(calls()).not.toContain('pull redis:8-alpine');
  machine.install('docker', docker("if (args[0] === 'image') process.exit(1);"));
  await find();
  expect(calls()).toContain('pull redis:8-alpine');
});

test('runs a container on a free loopback port, after removing its leftover, and removes it at the end', async () => {
  machine.install('docker', docker(''));
  machine.installRedis('redis-server', '8.0.2');
  const offer = await find();
  if ('reason' in offer) throw new Error(offer.reason);
  const context = { register: (thing: Started) => void started.push(thing), signal: new AbortController().signal };
  const url = await offer.start(context);
  const [removal, run] = calls().slice(-2);
  const { port, password } = new URL(url);
  expect(removal).toMatch(/^rm --force --volumes sluice-redis-[0-9a-f]{12}$/);
  expect(run).toMatch(/^run --detach --rm --name sluice-redis-/);
  expect(run).toContain(`--publish 127.0.0.1:${port}:6379 --env SLUICE_REDIS_PASSWORD redis:8-alpine sh -c`);
  expect([password.length, run?.includes(password)]).toEqual([43, false]);
  await started[0]?.stop();
  expect(calls().at(-1)).toBe(removal);
  expect(existsSync(join(machine.bin, 'container.pid'))).toBe(false);
});
