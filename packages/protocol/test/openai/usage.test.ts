import { describe, expect, it } from 'vitest';
import { mostTokens, usageSchema } from '../../src/index.ts';

const counts = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

describe('a usage', () => {
  it.each([0, 1, mostTokens])('may count %d', (tokens) => {
    expect(usageSchema.safeParse({ ...counts, prompt_tokens: tokens }).success).toBe(true);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, undefined, mostTokens + 1, 1e12])(
    'is refused with the count %j',
    (tokens) => {
      for (const name of Object.keys(counts)) {
        expect(usageSchema.safeParse({ ...counts, [name]: tokens }).success).toBe(false);
      }
    },
  );
});
