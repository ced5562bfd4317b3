import type { Usage } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createUsageCount } from '../../src/answer/usage-count.ts';

const count = (prompt: number, completion: number, more: object = {}): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...more,
});
const cached = { prompt_tokens_details: { cached_tokens: 2 } };
const tooMany = 1e12;

describe('the usage of an answer', () => {
  it.each<[what: string, reports: Usage[], total: Usage | undefined]>([
    ['unknown without a report', [], undefined],
    ['its only report', [count(3, 2)], count(3, 2)],
    ['the latest report if the counts grow', [count(3, 1), count(3, 2), count(3, 5)], count(3, 5)],
    ['the largest answer of reports that shrink', [count(3, 5), count(3, 2)], count(3, 5)],
    ['the latest prompt', [count(15, 2), count(13, 8)], count(13, 8)],
    ['the sum of the parts that two reports count', [count(3, 0), count(0, 5)], count(3, 5)],
    ['not lowered by an empty report', [count(3, 5), count(0, 0)], count(3, 5)],
    ['completed by details of an earlier report', [count(3, 1, cached), count(3, 5)], count(3, 5, cached)],
    ['merged from all reports', [count(3, 0, cached), count(0, 5), count(0, 9)], count(3, 9, cached)],
    ['unknown if no report is plausible', [count(tooMany, tooMany)], undefined],
    ['the plausible one of two reports', [count(tooMany, 1), count(3, 2)], count(3, 2)],
  ])('is %s', (_what, reports, total) => {
    const usage = createUsageCount();
    for (const report of reports) usage.add(report);
    expect(usage.total()).toEqual(total);
    expect(usage.total()).toEqual(total);
  });

  it('keeps a count when the next one is not plausible', () => {
    const usage = createUsageCount();
    usage.add(count(3, 2));
    usage.add({ prompt_tokens: -1, completion_tokens: -1, total_tokens: -1 });
    expect(usage.total()).toEqual(count(3, 2));
  });

  it('can be asked for between two reports', () => {
    const usage = createUsageCount();
    usage.add(count(3, 0));
    expect(usage.total()).toEqual(count(3, 0));
    usage.add(count(0, 5));
    expect(usage.total()).toEqual(count(3, 5));
  });
});
