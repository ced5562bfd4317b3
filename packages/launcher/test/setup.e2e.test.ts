import { fileURLToPath } from 'node:url';
import { freePort, type ProcessExit, startProcess } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Runs the end of `npm run setup`, with a Redis that does not answer. */
async function setUp(...args: readonly string[]): Promise<ProcessExit & { readonly output: string }> {
  const running = await startProcess({
    command: process.execPath,
    args: ['--conditions=@sluice/source', main, 'setup', ...args],
    env: { REDIS_URL: `redis://127.0.0.1:${await freePort()}` },
  });
  return { ...(await running.exited), output: running.output() };
}

describe('npm run setup', () => {
  it('fails when the configured Redis does not answer', async () => {
    expect(await setUp()).toMatchObject({ code: 1, output: expect.stringContaining('REDIS_URL: no usable Redis at') });
  });

  it('does not look for Redis with --no-redis, as in the build of an image', async () => {
    const { code, output } = await setUp('--no-redis');
    expect([code, output]).toEqual([0, expect.stringContaining('Everything is set up')]);
  });

  it('refuses an unknown argument', async () => {
    const { code, output } = await setUp('--no-reddis');
    expect([code, output]).toEqual([1, expect.stringContaining('setup does not know "--no-reddis"')]);
  });
});
