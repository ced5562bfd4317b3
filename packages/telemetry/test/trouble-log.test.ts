import { describe, expect, it } from 'vitest';
import { createTroubleLog } from '../src/index.ts';

describe('a trouble log', () => {
  it('logs each error once, and then its count', () => {
    const lines: unknown[] = [];
    let time = 0;
    const onError = createTroubleLog({ warn: (line: unknown) => lines.push(line) } as never, 'trouble', () => time);
    const [refused, reset] = [new Error('refused'), new Error('reset')];
    for (let at = 0; at < 50; at++) onError(refused);
    onError(reset);
    time = 10_000;
    onError(refused);
    onError('refused');
    expect(lines).toEqual([{ err: refused }, { err: reset }, { err: refused, repeated: 49 }]);
    time = 20_000;
    onError(refused);
    expect(lines.at(-1)).toEqual({ err: refused, repeated: 1 });
  });
});
