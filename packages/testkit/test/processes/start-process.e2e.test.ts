import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { type ProcessOptions, type RunningProcess, startProcess } from '../../src/processes/start-process.ts';
import { until } from '../../src/until.ts';

async function start(script: string, options: Omit<ProcessOptions, 'command' | 'args'> = {}): Promise<RunningProcess> {
  const running = await startProcess({ command: 'sh', args: ['-c', script], ...options });
  onTestFinished(async () => void (await running.stop()));
  return running;
}

const saysReady: ProcessOptions['ready'] = (info) => info.output().includes('ready');

/** Returns whether a process has ended; a zombie counts as ended. */
async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return /^[^Z\s]/.test(stdout);
}

function pidIn(output: string): number {
  return Number(/pid=(\d+)/.exec(output)?.[1]);
}

test('resolves when the process is ready, with its output on both streams', async () => {
  const running = await start('echo out; echo err >&2; echo ready; exec sleep 60', { ready: saysReady });
  expect(running.output()).toContain('out\n');
  expect(running.output()).toContain('err\n');
  expect(await isRunning(running.pid)).toBe(true);
});

test('passes on only the necessary variables of the environment', async () => {
  process.env['SLUICE_TEST_SECRET'] = 'inherited';
  onTestFinished(() => void delete process.env['SLUICE_TEST_SECRET']);
  const running = await start('env', { env: { GIVEN: 'yes' } });
  await running.exited;
  expect(running.output()).toContain('GIVEN=yes\n');
  expect(running.output()).toContain(`PATH=${process.env['PATH']}\n`);
  expect(running.output()).not.toContain('inherited');
});

test('reports the end of a process', async () => {
  expect(await (await start('exit 3')).exited).toEqual({ code: 3, signal: null });
  const killed = await start('exec sleep 60');
  killed.kill('SIGKILL');
  expect(await killed.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(() => killed.kill('SIGTERM')).not.toThrow();
});

test('has all output when it has ended', async () => {
  const running = await start('i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done');
  await running.exited;
  expect(running.output()).toMatch(/line 19999\n$/);
});

test('sends signals to the process and not to its children', async () => {
  const running = await start('trap "" TERM; sleep 60 & echo pid=$! ready; wait', { ready: saysReady, stopGraceMs: 0 });
  running.kill('SIGTERM');
  expect(await isRunning(pidIn(running.output()))).toBe(true);
});

test('stops with SIGTERM, children included', async () => {
  const script = 'sleep 60 & echo pid=$! ready; trap "echo bye; exit 0" TERM; wait';
  const running = await start(script, { ready: saysReady });
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  expect(running.output()).toContain('bye');
  expect(await isRunning(pidIn(running.output()))).toBe(false);
  expect(await running.stop()).toEqual({ code: 0, signal: null });
});

test('stops with the configured signal', async () => {
  const running = await start('trap "echo interrupted; exit 0" INT; echo ready; while :; do sleep 0.05; done', {
    ready: saysReady,
    stopSignal: 'SIGINT',
  });
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  expect(running.output()).toContain('interrupted');
});

test('stops a process that does not obey in time with SIGKILL', async () => {
  const running = await start('trap "" TERM; echo ready; while :; do sleep 1; done', {
    ready: saysReady,
    stopGraceMs: 100,
  });
  expect(await running.stop()).toEqual({ code: null, signal: 'SIGKILL' });
});

test('stops a paused process', async () => {
  const running = await start('trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done', { ready: saysReady });
  running.kill('SIGSTOP');
  expect(await running.stop()).toEqual({ code: 7, signal: null });
});

test('kills the processes that a process leaves behind', async () => {
  const running = await start('sleep 60 >/dev/null 2>&1 & echo pid=$!');
  await running.exited;
  const child = pidIn(running.output());
  expect(child).toBeGreaterThan(0);
  await until(async () => !(await isRunning(child)), { what: 'the child that was left to end' });
});

test('says that a process ended before it was ready, and shows its output', async () => {
  await expect(start('echo no config >&2; exit 1', { ready: () => false })).rejects.toThrow(
    /ended before it was ready: exit code 1\nIt wrote:\nno config\n$/,
  );
});

test('says that a process was not ready in time, and why, and leaves nothing running', async () => {
  let pid = 0;
  const starting = start('echo starting; exec sleep 60', {
    readyTimeoutMs: 200,
    ready(info) {
      pid = info.pid;
      throw new Error('connect ECONNREFUSED');
    },
  });
  await expect(starting).rejects.toThrow(
    /^waited 200 ms for sh to be ready; the last error was: connect ECONNREFUSED\nIt wrote:\nstarting\n$/,
  );
  expect(await isRunning(pid)).toBe(false);
});

test('says that there is no such command', async () => {
  await expect(startProcess({ command: 'no-such-command' })).rejects.toThrow('spawn no-such-command ENOENT');
});

test('dies with its owner, even if the owner is killed', async () => {
  const owner = await startProcess({
    command: process.execPath,
    args: [fileURLToPath(new URL('../fixtures/owner.ts', import.meta.url))],
    ready: saysReady,
  });
  const pid = pidIn(owner.output());
  expect(await isRunning(pid)).toBe(true);
  owner.kill('SIGKILL');
  await owner.exited;
  await until(async () => !(await isRunning(pid)), { what: 'the orphan to be killed' });
});
