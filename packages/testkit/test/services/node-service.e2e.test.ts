import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/processes/free-port.ts';
import type { RunningProcess } from '../../src/processes/start-process.ts';
import { type NodeServiceOptions, startNodeService } from '../../src/services/node-service.ts';

const program = fileURLToPath(new URL('../fixtures/small-service.ts', import.meta.url));

interface Seen {
  readonly config: string;
  readonly cwd: string;
  readonly asked: number;
}

async function start(
  options: Partial<NodeServiceOptions> = {},
): Promise<{ running: RunningProcess; ask: () => Promise<Seen> }> {
  const port = await freePort();
  const running = await startNodeService({
    args: [program],
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    ...options,
    env: { PORT: String(port), ...options.env },
  });
  onTestFinished(async () => void (await running.stop()));
  const ask = async (): Promise<Seen> => (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Seen;
  return { running, ask };
}

test('gives a program its configuration in its own directory, and removes the directory', async () => {
  const config = { redis: { url: 'redis://127.0.0.1:1' }, keys: [{ name: 'a', models: ['*'] }] };
  const { running, ask } = await start({ config });
  const seen = await ask();
  expect(JSON.parse(seen.config)).toEqual(config);
  expect(seen.cwd).not.toBe(process.cwd());
  expect(existsSync(seen.cwd)).toBe(true);
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  expect(running.output()).toContain('drained');
  expect(existsSync(seen.cwd)).toBe(false);
});

test('waits until the program is ready', async () => {
  const { ask } = await start({ config: {}, env: { READY_AFTER: '3' } });
  expect((await ask()).asked).toBe(5);
});

test('shows the error of a program that does not start', async () => {
  await expect(start({ env: { FAIL: 'keys[0].key is empty' } })).rejects.toThrow(
    /ended before it was ready: exit code 1\nIt wrote:\n[^]*keys\[0\]\.key is empty/,
  );
});

test('gives up on a program that is never ready', async () => {
  await expect(start({ env: { READY_AFTER: '1000000' }, readyTimeoutMs: 1000 })).rejects.toThrow(
    /^waited 1000 ms for [^]*; the last value was false\nIt wrote:\nlistening\n$/,
  );
});
