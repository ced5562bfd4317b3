import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LaunchError } from '../../src/bare/launch-error.mjs';
import { livingProcess } from '../../src/bare/process-identity.mjs';
import { inspectRedis } from '../../src/redis/inspect.ts';
import { localServer } from '../../src/redis/local-server.ts';
import type { RedisOffer } from '../../src/redis/source.ts';
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

const find = () => localServer({ ...machine, searchPath: machine.bin }).find();

async function offer(): Promise<RedisOffer> {
  const found = await find();
  if ('reason' in found) throw new Error(found.reason);
  return found;
}

const context = { register: (thing: Started) => void started.push(thing), signal: new AbortController().signal };
const runningPid = () => livingProcess(readFileSync(join(machine.stateFolder, 'redis.pid'), 'utf8'));

describe('a Redis server on PATH', () => {
  test('is found with its version', async () => {
    machine.installRedis('redis-server', '7.0.15');
    expect(await find()).toMatchObject({ description: 'redis-server 7.0.15' });
  });

  test('may be Valkey', async () => {
    machine.installRedis('valkey-server', '8.1.1');
    expect(await find()).toMatchObject({ description: 'valkey-server 8.1.1' });
  });

  test('is skipped with a message when it is too old', async () => {
    machine.installRedis('redis-server', '5.0.7');
    machine.installRedis('valkey-server', '8.1.1');
    expect(await find()).toMatchObject({ description: 'valkey-server 8.1.1' });
    expect(machine.said()).toContain('redis-server is version 5.0.7, which is too old (6.2 or newer is needed)');
  });

  test('is unavailable, with a reason, when it is missing or does not run', async () => {
    expect(await find()).toEqual({ reason: 'no redis-server or valkey-server on PATH' });
    machine.install('redis-server', 'process.exit(1)');
    expect(await find()).toEqual({ reason: `${join(machine.bin, 'redis-server')} does not run` });
  });
});

describe('a Redis server that is started', () => {
  beforeEach(() => machine.installRedis('redis-server', '7.0.15'));

  test('listens only on loopback, evicts nothing and keeps its data in the state folder', async () => {
    const url = await (await offer()).start(context);
    expect(url).toMatch(/^redis:\/\/:[\w-]{43}@127\.0\.0\.1:\d+$/);
    expect(await inspectRedis(url, 1000)).toMatchObject({ version: { text: '7.0.15' }, evictionPolicy: 'noeviction' });
    const data = join(machine.stateFolder, 'redis');
    const args = JSON.parse(readFileSync(join(data, 'arguments.json'), 'utf8')) as string[];
    const settings = Object.fromEntries(args.flatMap((arg, at) => (at % 2 === 1 ? [[arg, args[at + 1]]] : [])));
    expect(settings).toMatchObject({
      '--bind': '127.0.0.1',
      '--protected-mode': 'yes',
      '--dir': data,
      '--appendonly': 'no',
      '--save': '60 1',
      '--maxmemory-policy': 'noeviction',
    });
  });

  test('has a password, the same at each start, in a file that only its owner may read', async () => {
    const url = await (await offer()).start(context);
    const { password } = new URL(url);
    const file = join(machine.stateFolder, 'redis.conf');
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([`requirepass ${password}\n`, 0o600]);
    const args = readFileSync(join(machine.stateFolder, 'redis/arguments.json'), 'utf8');
    expect([args.includes(file), args.includes(password)]).toEqual([true, false]);
    chmodSync(file, 0o644);
    expect(new URL(await (await offer()).start(context)).password).toBe(password);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('reads the append-only file of an earlier version once more, and removes it', async () => {
    const data = join(machine.stateFolder, 'redis');
    mkdirSync(join(data, 'appendonlydir'), { recursive: true });
    await (await offer()).start(context);
    expect(readFileSync(join(data, 'arguments.json'), 'utf8')).toContain('"--appendonly","yes"');
    expect(existsSync(join(data, 'appendonlydir'))).toBe(false);
  });

  test('has ended after it was stopped', async () => {
    const url = await (await offer()).start(context);
    expect(runningPid()).toBeGreaterThan(0);
    await started[0]?.stop();
    expect(runningPid()).toBeUndefined();
    await expect(inspectRedis(url, 1000)).rejects.toThrow('ECONNREFUSED');
  });

  test('replaces one that a killed launcher left running', async () => {
    await (await offer()).start(context);
    const leftover = runningPid();
    await (await offer()).start(context);
    expect(runningPid()).toBeGreaterThan(0);
    expect(runningPid()).not.toBe(leftover);
    expect(() => process.kill(leftover ?? 0, 0)).toThrow('ESRCH');
  });

  test('reports why it did not become ready', async () => {
    mkdirSync(join(machine.stateFolder, 'redis'), { recursive: true });
    writeFileSync(join(machine.stateFolder, 'redis/broken'), '');
    const failure = await (await offer()).start(context).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LaunchError);
    expect(String(failure)).toContain("Can't handle RDB format version 12");
  });

  test('reports its death', async () => {
    await (await offer()).start(context);
    process.kill(runningPid() ?? 0, 'SIGKILL');
    expect(await started[0]?.died).toContain('The Redis server has stopped (SIGKILL)');
  });
});
