import { describe, expect, it } from 'vitest';
import { splitUsage } from '../src/index.ts';

describe('the classes of tokens', () => {
  it('are disjoint', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 20 },
    };
    expect(splitUsage(usage)).toEqual({ fresh: 30, cacheRead: 60, cacheWrite: 10, output: 30, reasoning: 20 });
  });

  it.each([
    ['more cached than the prompt has', { prompt_tokens_details: { cached_tokens: 500, cache_write_tokens: 500 } }],
    ['negative counts', { prompt_tokens_details: { cached_tokens: -5 } }],
    ['counts that are texts', { prompt_tokens_details: { cached_tokens: '5' }, completion_tokens_details: null }],
  ])('never add up to more or less than the usage: %s', (_name, details) => {
    const { fresh, cacheRead, cacheWrite, output, reasoning } = splitUsage({
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      ...details,
    });
    expect(fresh + cacheRead + cacheWrite).toBe(100);
    expect(output + reasoning).toBe(50);
    expect(Math.min(fresh, cacheRead, cacheWrite, output, reasoning)).toBeGreaterThanOrEqual(0);
  });
});
