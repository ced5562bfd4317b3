import { estimateTokens } from '@sluice/policy';
import { describe, expect, it } from 'vitest';

describe('estimateTokens', () => {
  it.each([
    [{ textBytes: 0, media: 0 }, 1],
    [{ textBytes: 400, media: 0 }, 100],
    [{ textBytes: 401, media: 0 }, 101],
    [{ textBytes: 40, media: 2 }, 1540],
  ])('%j is %i', (size, tokens) => {
    expect(estimateTokens(size)).toBe(tokens);
  });
});
