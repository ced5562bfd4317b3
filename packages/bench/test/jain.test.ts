import { describe, expect, it } from 'vitest';
import { jain } from '../src/fairness/jain.ts';

describe("Jain's index", () => {
  it.each([
    [[3, 3, 3], 1],
    [[9, 0, 0], 1 / 3],
    [[1, 1, 2], 16 / 18],
  ])('of %j is %d', (shares, index) => {
    expect(jain(shares)).toBeCloseTo(index, 10);
  });
});
