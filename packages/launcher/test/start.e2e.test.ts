import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type RunningProcess, startProcess, until, verifies } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { livingProcess, processIdentity } from '../src/bare/process-identity.mjs';
import type { Listener, Settings } from '../src/settings.ts';
import { makeUpMachine, type MadeUpMachine } from './made-up-machine.ts';

const runner = fileURLToPath(new URL('fixtures/run-start.ts', import.meta.url));
const service = readFileSync(new URL('fixtures/service.mjs', import.meta.url), 'utf8');

let root: string;
let machine: MadeUpMachine;
let settings: Settings;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-start-'));
  for (const name of ['services/ingress', 'services/worker', 'packages/simulator']) {
    write(`${name}/dist/main.js`, service);
  }
  write('packages/telemetry/dist/register.js', '');
  write('package.json', '{"type":"module"}');
  machine = makeUpMachine();
  machine.installRedis('redis-server', '7.0.15');
  const listener = (variable: Listener['variable'], port: number): Listener => ({
    variable,
    host: '127.0.0.1',
    port,
    hostSetting: 'HOST',
    isExplicit: false,
    drainTimeoutMs: 5000,
  });
  settings = {
    isDemo: true,
    ingress: listener('PORT', await freePort()),
    ingressManagement: listener('METRICS_PORT', await freePort()),
    worker: listener('METRICS_PORT', await freePort()),
    simulator: listener('SIMULATOR_PORT', await freePort()),
    hasClientKeys: false,
    isOpen: false,
    needsSecretKey: false,
    apiKey: undefined,
    model: 'demo',
    warnings: [],
    log: { level: 'info', retentionDays: 30 },
    logFileSetting: 'log.file',
    redis: { kind: 'url', url: undefined, setting: 'REDIS_URL' },
    database: { kind: 'none' },
  };
});
afterEach(() => {
  machine.remove();
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const launch = (): string[] => ['--conditions=@sluice/source', runner, root, JSON.stringify(settings)];

const run = (env: Readonly<Record<string, string>> = {}): Promise<RunningProcess> =>
  startProcess({
    command: process.execPath,
    args: launch(),
    cwd: root,
    env: { PATH: machine.bin, CI: 'true', ...env },
  });

const isReady = (running: RunningProcess): Promise<true> =>
  until(() => running.output().includes('Sluice is ready.'), { what: 'the block', timeoutMs: 20_000 });

/** Ids of all processes of a start, Redis and the services, from the files that they wrote. */
function pids(stateFolder = join(root, '.sluice')): number[] {
  const logged = ['ingress', 'worker', 'simulator'].map((name) => {
    const [line = ''] = readFileSync(join(stateFolder, `logs/${name}.log`), 'utf8').split('\n');
    return (JSON.parse(line) as { pid: number }).pid;
  });
  return [...logged, livingProcess(readFileSync(join(stateFolder, 'redis.pid'), 'utf8')) ?? 0];
}

const areGone = (ids: readonly number[]): boolean => ids.every((pid) => processIdentity(pid) === undefined);

test('keeps the first admin key before it says that it is ready', async () => {
  const running = await run({ FIRST_KEY: 'sk-first-0001' });
  await isReady(running);
  expect(readFileSync(join(root, '.sluice/admin-key'), 'utf8')).toBe('sk-first-0001\n');
  expect(running.output().indexOf('sk-first-0001')).toBeLessThan(running.output().indexOf('Sluice is ready.'));
  running.kill('SIGTERM');
  await running.exited;
});

describe('a start', () => {
  test('prints one block with base URL, key and curl once all are ready', verifies('003-13'), async () => {
    const running = await run();
    await isReady(running);
    const key = readFileSync(join(root, '.sluice/api-key'), 'utf8').trim();
    const url = `http://127.0.0.1:${settings.ingress.port}/v1`;
    for (const part of [`Base URL  ${url}\n`, `API key   ${key}\n`, `\ncurl -N ${url}/chat/completions -H 'Authoriz`]) {
      expect(running.output()).toContain(part);
    }
    const ids = pids();
    expect(ids.every((pid) => pid > 0)).toBe(true);
    running.kill('SIGTERM');
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(areGone(ids)).toBe(true);
  });

  test('passes Redis, key and supervision on to the services', async () => {
    const running = await run();
    await isReady(running);
    const [first = ''] = readFileSync(join(root, '.sluice/logs/worker.log'), 'utf8').split('\n');
    expect(JSON.parse(first)).toMatchObject({
      REDIS_URL: expect.stringMatching(/^redis:\/\/:[\w-]{43}@127\.0\.0\.1:\d+$/),
      SLUICE_API_KEYS: readFileSync(join(root, '.sluice/api-key'), 'utf8').trim(),
      SLUICE_SUPERVISED: '1',
    });
    running.kill('SIGINT');
    await running.exited;
  });

  test('shows what services log once it is ready, and not before', async () => {
    const running = await run();
    await isReady(running);
    expect(running.output()).not.toContain('begins');
    await fetch(`http://127.0.0.1:${settings.ingress.port}/hello`);
    await until(() => running.output().includes('ingress info request url=/hello'), { what: 'the line' });
    running.kill('SIGINT');
    await running.exited;
  });

  test('uses the files of the first start, with the same key', async () => {
    for (let runs = 0; runs < 2; runs += 1) {
      const running = await run();
      await isReady(running);
      running.kill('SIGINT');
      await running.exited;
    }
    const key = readFileSync(join(root, '.sluice/api-key'), 'utf8').trim();
    expect(key).toMatch(/^sk-/);
    expect(readFileSync(join(root, '.sluice/logs/worker.log'), 'utf8')).toContain(key);
    expect(readdirSync(join(root, '.sluice')).sort()).toEqual(['api-key', 'logs', 'redis', 'redis.conf', 'redis.pid']);
  });

  test('beside another one takes other ports and its own Redis', async () => {
    const first = await run();
    await isReady(first);
    const second = await run();
    await isReady(second);
    expect(second.output()).toContain(`Sluice runs from this folder already (process ${first.pid})`);
    expect(second.output()).toContain(`Port ${settings.ingress.port} is in use: the ingress takes`);
    const firstIds = pids();
    const secondIds = pids(join(root, '.sluice/run-2'));
    first.kill('SIGINT');
    await first.exited;
    expect(areGone(firstIds)).toBe(true);
    expect(areGone(secondIds)).toBe(false);
    second.kill('SIGINT');
    await second.exited;
    expect(areGone(secondIds)).toBe(true);
  });

  test('uses the configured Redis, and leaves it running', async () => {
    const other = await run();
    await isReady(other);
    const [, url = ''] =
      /"REDIS_URL":"([^"]+)"/.exec(readFileSync(join(root, '.sluice/logs/worker.log'), 'utf8')) ?? [];
    settings = { ...settings, redis: { kind: 'url', url, setting: 'REDIS_URL' } };
    const running = await run();
    await isReady(running);
    expect(existsSync(join(root, '.sluice/run-2/redis.pid'))).toBe(false);
    running.kill('SIGINT');
    await running.exited;
    expect(pids().at(-1)).toBeGreaterThan(0);
    other.kill('SIGINT');
    await other.exited;
  });

  test('fails with a clear message when the configured Redis does not answer', async () => {
    const url = `redis://user:secret@127.0.0.1:${await freePort()}`;
    settings = { ...settings, redis: { kind: 'url', url, setting: 'REDIS_URL' } };
    const running = await run();
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toContain(`REDIS_URL: no usable Redis at ${new URL(url).host}: connect ECONNREFUSED`);
    expect(running.output()).not.toContain('secret');
  });

  test('fails with a clear message when an explicit port is in use', async () => {
    const other = await run();
    await isReady(other);
    settings = { ...settings, ingress: { ...settings.ingress, isExplicit: true } };
    const running = await run();
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toContain(`PORT: port ${settings.ingress.port} is in use on 127.0.0.1.`);
    other.kill('SIGINT');
    await other.exited;
  });
});

describe('the end', () => {
  test('comes in order: ingress, worker, simulator', async () => {
    const running = await run();
    await isReady(running);
    running.kill('SIGINT');
    await running.exited;
    expect(readFileSync(join(root, 'stops.log'), 'utf8')).toBe('ingress\nworker\nsimulator\n');
  });

  test('comes at once with a second signal', async () => {
    const running = await run({ STUBBORN: 'ingress' });
    await isReady(running);
    const ids = pids();
    running.kill('SIGINT');
    await until(() => readFileSync(join(root, '.sluice/logs/ingress.log'), 'utf8').includes('ignores it'), {
      what: 'the ingress to be asked',
    });
    // Wait until a second signal no longer counts as the same Ctrl-C.
    await until(
      () => {
        // A launcher that has ended its services takes one more signal as any process does.
        if (areGone(ids)) return true;
        running.kill('SIGINT');
        return false;
      },
      { what: 'all to be gone', intervalMs: 100 },
    );
    expect(await running.exited).toEqual({ code: 0, signal: null });
  });

  test('comes when a service dies, with its last lines and exit code 1', async () => {
    const running = await run();
    await isReady(running);
    const ids = pids();
    await fetch(`http://127.0.0.1:${settings.worker.port}/die`).catch(() => undefined);
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toMatch(/The worker has stopped \(exit code 3\)\. Its last lines:\n[^]*worker dies/);
    expect(areGone(ids)).toBe(true);
  });

  test('comes when a service does not start', async () => {
    const running = await run({ FAILS: 'ingress' });
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toContain("ingress can't start");
    expect(running.output()).not.toContain('Sluice is ready.');
  });

  test('of the services comes when the launcher is killed; the next start ends its Redis', async () => {
    // Not started by testkit, which would kill the whole group.
    const killed = spawn(process.execPath, launch(), { cwd: root, env: { PATH: machine.bin }, stdio: 'pipe' });
    const stopsLog = join(root, 'stops.log');
    try {
      const output = killed.stdout.setEncoding('utf8');
      for await (const text of output) if (String(text).includes('Sluice is ready.')) break;
    } finally {
      killed.kill('SIGKILL');
    }
    const [redis = 0, ...services] = pids().toReversed();
    await until(() => areGone(services), { what: 'the services to end' });
    expect(readFileSync(stopsLog, 'utf8').trim().split('\n').sort()).toEqual([
      'ingress gone',
      'simulator gone',
      'worker gone',
    ]);
    expect(areGone([redis])).toBe(false);
    const next = await run();
    await isReady(next);
    expect(areGone([redis])).toBe(true);
    next.kill('SIGINT');
    await next.exited;
  });
});
