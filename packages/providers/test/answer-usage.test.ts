import fc from 'fast-check';
import { usageSchema } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { believe, mergeUsage } from '../src/answer/usage.ts';

const anything = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(1e12, 1e300, -1, Number.NaN, '12', '9'.repeat(30), null, undefined, {}, []),
);
const usage = fc.record(
  {
    prompt_tokens: anything,
    completion_tokens: anything,
    total_tokens: anything,
    input_tokens: anything,
    prompt_tokens_details: fc.oneof(anything, fc.record({ cached_tokens: anything })),
    completion_tokens_details: fc.oneof(anything, fc.record({ reasoning_tokens: anything })),
  },
  { requiredKeys: [] },
);

describe('the usage of a provider', () => {
  it("fits the gateway's schema, or is absent", () => {
    fc.assert(
      fc.property(usage, usage, (first, second) => {
        const [one, other] = [believe(first), believe(second)];
        const told = [one, other, other === undefined ? one : mergeUsage(one, other)].filter(
          (each) => each !== undefined,
        );
        expect(told.filter((each) => !usageSchema.safeParse(each).success)).toEqual([]);
      }),
    );
  });

  it('is updated by later counts, and never becomes zero', () => {
    const count = (prompt: number, completion: number) => ({
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    });
    expect(mergeUsage(count(3, 2), count(0, 0))).toEqual(count(3, 2));
    expect(mergeUsage(count(3, 0), count(0, 2))).toEqual(count(3, 2));
    expect(mergeUsage(count(15, 2), count(13, 8))).toEqual(count(13, 8));
    expect(mergeUsage(count(3, 8), count(3, 2))).toEqual(count(3, 8));
    const details = { ...count(3, 2), prompt_tokens_details: { cached_tokens: 2 } };
    expect(mergeUsage(details, count(3, 2))).toEqual(details);
    const now = count(3, 2);
    expect(mergeUsage(count(3, 1), now)).toBe(now);
  });
});
