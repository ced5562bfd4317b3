import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTerminal } from '../../src/bare/terminal.mjs';

let shown = '';
const stream = { columns: 40, write: (text: string) => (shown += text) };

beforeEach(() => {
  vi.useFakeTimers();
  shown = '';
});
afterEach(() => vi.useRealTimers());

test('a brief step prints one line without a live terminal', async () => {
  const { step } = createTerminal({ stream, isLive: false });
  const work = Promise.withResolvers<void>();
  const done = step('Building', () => work.promise);
  await vi.advanceTimersByTimeAsync(400);
  work.resolve();
  await done;
  expect(shown).toBe('Building: done in 0.4 s\n');
});

test('a long step prints its newest note from time to time', async () => {
  const { step } = createTerminal({ stream, isLive: false });
  const work = Promise.withResolvers<void>();
  const done = step('Installing', (note) => {
    note('Unpacking redis\n');
    return work.promise;
  });
  await vi.advanceTimersByTimeAsync(13_000);
  work.resolve();
  await done;
  expect(shown).toBe(
    'Installing … 1.0 s Unpacking redis\nInstalling … 11 s Unpacking redis\nInstalling: done in 13 s\n',
  );
});

test('a live terminal shows one line with a running clock, below the lines printed meanwhile', async () => {
  const { say, step } = createTerminal({ stream, isLive: true });
  const work = Promise.withResolvers<void>();
  const done = step('Installing', () => work.promise);
  await vi.advanceTimersByTimeAsync(150);
  say('worker: hello');
  await vi.advanceTimersByTimeAsync(100);
  work.resolve();
  await done;
  const clear = '\r\u001B[2K';
  expect(shown).toBe(
    `${clear}Installing … 0.1 s${clear}worker: hello\nInstalling … 0.1 s${clear}Installing … 0.2 s${clear}Installing: done in 0.3 s\n`,
  );
});

test('a live line is cut to the width of the terminal', async () => {
  const { step } = createTerminal({ stream, isLive: true });
  const work = Promise.withResolvers<void>();
  const done = step('Installing', (note) => {
    note('x'.repeat(100));
    return work.promise;
  });
  await vi.advanceTimersByTimeAsync(150);
  work.resolve();
  await done;
  expect(shown.split('\r\u001B[2K')[1]).toHaveLength(39);
});

test('a step that fails says so and passes the error on', async () => {
  const { step } = createTerminal({ stream, isLive: false });
  await expect(step('Building', () => Promise.reject(new Error('no compiler')))).rejects.toThrow('no compiler');
  expect(shown).toBe('Building: failed after 0.0 s\n');
});
