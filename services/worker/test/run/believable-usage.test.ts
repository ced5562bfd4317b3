import { describe, expect, it } from 'vitest';
import { believableUsage } from '../../src/run/believable-usage.ts';

const usage = (prompt: number, completion: number, total = prompt + completion) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: total,
});

describe('believableUsage', () => {
  it.each([
    ['small counts', usage(10, 20)],
    ['nothing at all', usage(0, 0)],
    ['a million tokens', usage(0, 1_000_000)],
  ])('believes %s', (_what, counts) => {
    expect(believableUsage(counts, {})).toBe(counts);
  });

  it.each([
    ['negative counts', usage(-1, 5, 4)],
    ['counts that are not numbers', usage(Number.NaN, 5, 5)],
    ['infinite counts', usage(1, Number.POSITIVE_INFINITY)],
    ['more than any request costs', usage(1, 10_000_001)],
    ['far more than was reserved', usage(1, 1_500_000)],
  ])('does not believe %s', (_what, counts) => {
    expect(believableUsage(counts, { max_tokens: 1 })).toBe(undefined);
  });

  it('believes more where the request allows a longer answer', () => {
    const counts = usage(1, 1_500_000);
    expect(believableUsage(counts, { max_completion_tokens: 20_000 })).toBe(counts);
  });

  it('leaves an absent count absent', () => {
    expect(believableUsage(undefined, {})).toBe(undefined);
  });
});
