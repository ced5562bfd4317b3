import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { batchLines } from '../src/batch-lines.ts';

function record() {
  const calls: string[] = [];
  return {
    calls,
    output: { write: (text: string) => void calls.push(text), flushSync: () => void calls.push('flushSync') },
  };
}

describe('batchLines', () => {
  it('writes the lines of one turn with one call, in order', async () => {
    const { calls, output } = record();
    const stream = batchLines(output);
    stream.write('a\n');
    await Promise.resolve();
    stream.write('b\n');
    expect(calls).toEqual([]);
    await nextTurn();
    expect(calls).toEqual(['a\nb\n']);
    stream.write('c\n');
    await nextTurn();
    expect(calls).toEqual(['a\nb\n', 'c\n']);
  });

  it('writes what is left on flushSync, and nothing twice', async () => {
    const { calls, output } = record();
    const stream = batchLines(output);
    stream.write('a\n');
    stream.flushSync();
    await nextTurn();
    expect(calls).toEqual(['a\n', 'flushSync']);
  });

  it('does not collect more than 64 Ki characters', () => {
    const { calls, output } = record();
    const stream = batchLines(output);
    const line = `${'x'.repeat(999)}\n`;
    for (let count = 0; count < 70; count++) stream.write(line);
    expect(calls).toEqual([line.repeat(66)]);
  });
});
