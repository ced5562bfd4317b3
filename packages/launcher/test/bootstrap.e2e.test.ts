import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type RunningProcess, until, verifies } from '@sluice/testkit';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { processIdentity } from '../src/bare/process-identity.mjs';
import { makeUpRepository, type MadeUpRepository } from './made-up-repository.ts';

let repository: MadeUpRepository;

beforeEach(() => {
  repository = makeUpRepository();
});
afterEach(() => repository.remove());

/** Runs a command until it ends. */
async function run(
  ...parameters: Parameters<MadeUpRepository['run']>
): Promise<{ code: number | null; output: string }> {
  const running = await repository.run(...parameters);
  const { code } = await running.exited;
  return { code, output: running.output() };
}

interface Launched {
  readonly pid: number;
  readonly file: string;
  readonly args: readonly string[];
  readonly node: number;
  readonly SLUICE_SUPERVISED?: string;
  readonly SLUICE_COMPAT?: string;
}

/** Returns what the program that the set-up started has printed. */
function launched(output: string): Launched {
  const line = output.split('\n').find((candidate) => candidate.startsWith('launched '));
  if (line === undefined) throw new Error(`nothing was launched:\n${output}`);
  return JSON.parse(line.slice('launched '.length)) as Launched;
}

describe('the set-up', () => {
  test('installs, builds and runs the launcher on Node 24 with all arguments', async () => {
    const { code, output } = await run(['test', '--project', 'unit']);
    expect(code).toBe(0);
    expect(repository.calls()).toEqual([
      'npm ci --no-audit --no-fund --include=dev --loglevel=error',
      'turbo run build',
    ]);
    expect(launched(output)).toMatchObject({
      file: join(repository.root, 'packages/launcher/dist/main.js'),
      args: ['test', '--project', 'unit'],
      node: 24,
      SLUICE_SUPERVISED: '1',
    });
  });

  test('installs only once', async () => {
    await run(['setup']);
    await run(['setup']);
    expect(repository.calls().filter((call) => call.startsWith('npm'))).toHaveLength(1);
  });

  test.each([
    ['the lockfile has changed', () => repository.write('package-lock.json', '{"lockfileVersion":3,"x":1}')],
    [
      'a workspace has another dependency',
      () => repository.write('services/worker/package.json', '{"name":"w","dependencies":{"a":"1.0.0"}}'),
    ],
    ['node_modules is gone', () => rmSync(join(repository.root, 'node_modules'), { recursive: true })],
  ])('installs again when %s', async (_case, change) => {
    await run(['setup']);
    change();
    await run(['setup']);
    expect(repository.calls().filter((call) => call.startsWith('npm'))).toHaveLength(2);
  });

  test('does not install again for a changed script', async () => {
    await run(['setup']);
    repository.write('packages/launcher/package.json', '{"name":"launcher","type":"module","scripts":{"a":"b"}}');
    await run(['setup']);
    expect(repository.calls().filter((call) => call.startsWith('npm'))).toHaveLength(1);
  });

  test('installs once for two commands at the same time', async () => {
    const both = await Promise.all([run(['setup']), run(['setup'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(repository.calls().filter((call) => call.startsWith('npm'))).toHaveLength(1);
  });

  test('waits for another command only while that runs', async () => {
    const other = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(other, 'spawn');
    repository.write('.sluice/setup.lock', processIdentity(other.pid ?? 0) ?? '');
    const waiting = await repository.run(['setup']);
    await until(() => waiting.output().includes(`(process ${other.pid})`), { what: 'the notice that it waits' });
    expect(existsSync(join(repository.root, 'calls.log'))).toBe(false);
    other.stdin.end();
    expect(await waiting.exited).toMatchObject({ code: 0 });
  });

  test('fetches Node 24 itself when npm may not run install scripts', async () => {
    const { code, output } = await run(['setup'], { NPM_SCRIPTS: 'off' });
    expect(code).toBe(0);
    expect(launched(output).node).toBe(24);
    expect(existsSync(join(repository.root, 'node_modules/.bin/node'))).toBe(true);
  });

  test('shows the output of npm when it fails, and tries again at the next start', async () => {
    const { code, output } = await run(['setup'], { NPM_FAILS: '1' });
    expect(code).toBe(1);
    expect(output).toContain('npm error the registry is away');
    expect(output).not.toContain('    at ');
    expect((await run(['setup'])).code).toBe(0);
  });

  test('shows the output of the compiler when it fails', async () => {
    const { code, output } = await run(['start'], { BUILD_FAILS: '1' });
    expect(code).toBe(1);
    expect(output).toContain('error TS2322');
    expect(output).not.toContain('launched');
  });

  test('names its commands when it gets an unknown one', async () => {
    const { code, output } = await run(['launch']);
    expect(code).toBe(1);
    expect(output).toContain(
      'Unknown command "launch". There are: start, setup, test, coverage, test:faults, test:agents, test:deploy, soak, audit, bench, login, cooldowns, keys, doctor, ingress, worker, simulator, migrate.',
    );
  });
});

describe('one service in the foreground', () => {
  test.each(['ingress', 'worker', 'simulator'])('refuses to run the %s before the set-up', async (name) => {
    const { code, output } = await run([name]);
    expect(code).toBe(1);
    expect(output).toContain('run `npm run setup` first');
  });

  test('refuses to run a service that is not built', async () => {
    await run(['setup']);
    rmSync(join(repository.root, 'services/worker/dist'), { recursive: true });
    expect(await run(['worker'])).toMatchObject({ code: 1, output: expect.stringContaining('npm run setup') });
  });

  test.each([
    ['ingress', 'services/ingress/dist/main.js'],
    ['worker', 'services/worker/dist/main.js'],
    ['simulator', 'packages/simulator/dist/main.js'],
  ])('runs the %s without installing or building, and passes its exit code on', async (name, file) => {
    await run(['setup']);
    const callsBefore = repository.calls();
    const { code, output } = await run([name], { EXIT_CODE: '3' });
    expect(code).toBe(3);
    expect(launched(output)).toMatchObject({ file: join(repository.root, file), node: 24, SLUICE_SUPERVISED: '1' });
    expect(repository.calls()).toEqual(callsBefore);
  });
});

describe('a .env in the folder of the repository', () => {
  test.each(['ingress', 'worker', 'simulator'])(
    'is read by the %s in the foreground, in whatever folder it is started',
    verifies('001-15', '002-06', '003-12'),
    async (name) => {
      await run(['setup']);
      repository.write('.env', 'SLUICE_COMPAT=z2api\nSLUICE_SUPERVISED=0\n');
      const { code, output } = await run([name]);
      expect(code).toBe(0);
      expect(launched(output)).toMatchObject({ SLUICE_COMPAT: 'z2api', SLUICE_SUPERVISED: '1' });
      expect(output).toContain('Read 1 variable from .env; 1 more is set in the environment, which wins.');
      expect(launched((await run([name], { SLUICE_COMPAT: '' })).output)).toMatchObject({ SLUICE_COMPAT: '' });
    },
  );
});

describe('NODE_EXTRA_CA_CERTS in .env', () => {
  const programs = [
    ['worker', 'services/worker/dist/main.js'],
    ['ingress', 'services/ingress/dist/main.js'],
    ['simulator', 'packages/simulator/dist/main.js'],
  ] as const;

  /** A program that calls a server whose certificate only the authority in the file has signed. */
  async function callFrom(program: string): Promise<string> {
    const name = [{ name: 'commonName', value: 'localhost' }];
    const altNames = [{ type: 2 as const, value: 'localhost' }];
    const { private: key, cert } = await generate(name, {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames }],
    });
    const server = createServer({ key, cert }, (_request, response) => response.end('hello'));
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    repository.write(
      program,
      `const known = await fetch('https://localhost:${port}').then((answer) => answer.text(), (error) => error.cause.code);
       console.log('answer: ' + known);
       process.exit();`,
    );
    return cert;
  }

  test.each(programs)('is trusted by the %s in the foreground', async (name, program) => {
    const cert = await callFrom(program);
    await run(['setup']);
    expect((await run([name])).output).toContain('answer: DEPTH_ZERO_SELF_SIGNED_CERT');
    repository.write('company.pem', cert);
    repository.write('.env', `NODE_EXTRA_CA_CERTS=${join(repository.root, 'company.pem')}\n`);
    expect((await run([name])).output).toContain('answer: hello');
  });

  test.each([
    ['is not there', undefined, 'ENOENT'],
    ['holds no certificate', 'text', 'ERR_OSSL_PEM_NO_START_LINE'],
  ])('stops nothing when the file %s, and a warning says so', async (_, text, code) => {
    await run(['setup']);
    const path = join(repository.root, 'company.pem');
    if (text !== undefined) repository.write('company.pem', text);
    repository.write('.env', `NODE_EXTRA_CA_CERTS=${path}\n`);
    const { code: exitCode, output } = await run(['worker']);
    expect(exitCode).toBe(0);
    expect(output).toContain(
      `NODE_EXTRA_CA_CERTS of .env is not used: the certificates in ${path} can't be read (${code})`,
    );
  });
});

describe('signals', () => {
  const waitUntilLaunched = (running: RunningProcess): Promise<Launched> =>
    until(() => launched(running.output()), { what: 'the hand-over', timeoutMs: 20_000 });

  test.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGHUP', 'SIGTERM'],
  ] as const)('%s reaches the program as %s, and its exit code comes back', async (sent, received) => {
    const running = await repository.run(['start'], { WAIT: '1', EXIT_CODE: '5' });
    const { pid } = await waitUntilLaunched(running);
    running.kill(sent);
    expect(await running.exited).toMatchObject({ code: 5 });
    expect(running.output().match(/stopped by .*/g)).toEqual([`stopped by ${received}`]);
    expect(processIdentity(pid)).toBeUndefined();
  });

  test('a signal to the whole group, as from a terminal, reaches the program only through its parent', async () => {
    const running = await repository.run(['start'], { WAIT: '1' });
    const { pid } = await waitUntilLaunched(running);
    process.kill(-running.pid, 'SIGINT');
    await running.exited;
    expect(running.output().match(/stopped by .*/g)).toEqual(['stopped by SIGINT']);
    expect(processIdentity(pid)).toBeUndefined();
  });

  test('the program stops by itself when its parent is killed', async () => {
    const running = await repository.run(['start'], { WAIT: '1' });
    const { pid } = await waitUntilLaunched(running);
    running.kill('SIGKILL');
    await until(() => processIdentity(pid) === undefined, { what: 'the program to end' });
    await running.exited;
    expect(running.output()).toContain('stopped by disconnect');
  });

  test('a signal during the installation ends npm too and leaves no lock', async () => {
    const npm = join(repository.root, 'bin/npm');
    const endless =
      "import { writeFileSync } from 'node:fs'; writeFileSync('npm.pid', String(process.pid)); setInterval(() => {}, 1000);";
    writeFileSync(npm, `#!${process.execPath}\n${endless}`);
    const running = await repository.run(['start']);
    const pidFile = join(repository.root, 'npm.pid');
    const pid = await until(() => existsSync(pidFile) && Number(readFileSync(pidFile, 'utf8')), {
      what: 'npm to run',
      timeoutMs: 20_000,
    });
    running.kill('SIGTERM');
    expect(await running.exited).toMatchObject({ code: 130 });
    expect(processIdentity(pid)).toBeUndefined();
    expect(existsSync(join(repository.root, '.sluice/setup.lock'))).toBe(false);
  });
});
