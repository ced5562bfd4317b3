import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '@sluice/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

const fixture = fileURLToPath(new URL('fixtures/service.ts', import.meta.url));

function run(how = '', env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, ['--conditions=@sluice/source', fixture, how], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += String(text)));
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  const says = (text: string) => until(() => output.includes(text), { what: `"${text}" in ${output}` });
  return { child, exited, says, output: () => output };
}

describe('a service in its process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('finishes its work after %s and exits with 0', async (signal) => {
    const { child, exited, says } = run();
    await says('started');
    child.kill(signal);
    await says(`stopping: ${signal}`);
    child.stdin?.write('finish\n');
    expect(await exited).toBe(0);
    await says('stopped');
  });

  it('ends at once on a second signal', async () => {
    const { child, exited, says, output } = run();
    await says('started');
    child.kill('SIGTERM');
    await says('stopping');
    child.kill('SIGTERM');
    expect(await exited).toBe(130);
    expect(output()).not.toContain('stopped');
  });

  it('stops when its supervisor is gone, if it has one', async () => {
    const { child, exited, says } = run('', { SLUICE_SUPERVISED: '1' });
    await says('started');
    child.disconnect();
    await says('stopping: supervisor gone');
    child.stdin?.write('finish\n');
    expect(await exited).toBe(0);
  });

  it('gives the reason in one line if it cannot start', async () => {
    const { exited, says, output } = run('broken');
    expect(await exited).toBe(1);
    await says('\n');
    expect(output()).toBe('cannot start: port 80 is taken\n');
  });

  it('drains after an uncaught exception, and exits with 1', async () => {
    const { exited, says, output } = run('throwing');
    expect(await exited).toBe(1);
    await says('stopped\n');
    expect(output()).toBe('started\nuncaught: Error: boom\nstopping: uncaught exception\nstopped\n');
  });
});
