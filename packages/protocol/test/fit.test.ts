import { fit, readChunk } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

describe('an external value', () => {
  it('is read by its schema', () => {
    expect(fit(z.object({ a: z.number() }), { a: 1, b: 2 })).toEqual({ a: 1 });
    expect(fit(z.object({ a: z.number() }), { a: 'x' })).toBeUndefined();
  });

  it('of another shape costs one issue, not one per element', () => {
    let read = 0;
    const counted = z.custom<number>((value) => (read++, typeof value === 'number'));
    expect(
      fit(z.object({ list: z.array(counted) }), { list: [1, 'x', ...Array.from({ length: 1000 }, () => 'x')] }),
    ).toBe(undefined);
    expect(read).toBeLessThan(5);
  });

  it('that is an event of a stream is abandoned at the first bad choice', () => {
    const before = process.threadCpuUsage();
    expect(
      readChunk(`{"id":"a","object":"chat.completion.chunk","choices":[${'0,'.repeat(500_000)}0]}`),
    ).toBeUndefined();
    // One issue per element takes 2 s.
    expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(500);
  });
});
