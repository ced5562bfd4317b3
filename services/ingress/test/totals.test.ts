import { describe, expect, it } from 'vitest';
import { createTotals } from '../src/totals.ts';

describe('the totals of a replica', () => {
  it('begin with nothing', () => {
    expect(createTotals()).toMatchObject({ requests: 0, errors: 0, meanDurationMs: 0 });
  });

  it('sum the requests, their errors and their durations', () => {
    const totals = createTotals();
    for (const durationMs of [10, 20, 60]) totals.count({ durationMs, isError: durationMs === 20 });
    expect(totals).toMatchObject({ requests: 3, errors: 1, meanDurationMs: 30 });
  });
});
