import { describe, expect, it } from 'vitest';
import { goDuration } from '../../src/inference/rate-headers.ts';

describe('goDuration', () => {
  it.each([
    [0, '0s'],
    [-5, '0s'],
    [0.2, '1ms'],
    [450, '450ms'],
    [1000, '1s'],
    [1234, '1.3s'],
    [59_900, '59.9s'],
    [60_000, '1m0s'],
    [360_000, '6m0s'],
    [3_661_000, '1h1m1s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});
