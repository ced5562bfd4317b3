import { firstRetryState } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createTally } from '../../src/run/tally.ts';

const delivered = { content: 'Hi', reasoning: '', chunks: 1, continuations: 2 };

describe('the tally', () => {
  it('numbers attempts and extensions in one row, and limits the attempts alone', () => {
    const tally = createTally(firstRetryState, undefined);
    expect([tally.begin(), tally.begin(), tally.extend(), tally.extend()]).toEqual([1, 2, 3, 4]);
    expect(tally).toMatchObject({ attempts: 2, extensions: 2 });
    expect(tally.calls()).toBe(4);
  });

  it('continues where the runs before stopped', () => {
    const state = { ...firstRetryState, attempts: 3, burntTokens: 40, batchCalls: 2 };
    const tally = createTally(state, delivered);
    expect(tally.calls()).toBe(3 + 2 + 2);
    expect(tally.begin()).toBe(8);
    expect(tally.burntTokens).toBe(40);
  });

  it('counts the calls of a batch for the client, but not against the limit', () => {
    const tally = createTally(firstRetryState, undefined);
    tally.begin();
    tally.countBatch();
    expect(tally.attempts).toBe(1);
    expect(tally.calls()).toBe(2);
  });

  it('counts a request that went out twice against the limit', () => {
    const tally = createTally(firstRetryState, undefined);
    tally.begin();
    tally.countResend();
    expect(tally.attempts).toBe(2);
  });

  it('sums what calls cost, over all runs', () => {
    const tally = createTally({ ...firstRetryState, costMicros: 40 }, undefined);
    tally.spend({ costMicros: 2, isEstimated: true });
    tally.spend({ costMicros: 3, isEstimated: false });
    expect(tally).toMatchObject({ costMicros: 45, isEstimated: true });
    expect(tally.into(firstRetryState)).toMatchObject({ costMicros: 45, isEstimated: true });
  });

  it('sums what attempts passed on and what failed attempts burnt', () => {
    const tally = createTally(firstRetryState, undefined);
    tally.pass(3);
    tally.pass(0);
    tally.pass(4);
    tally.burn(10);
    tally.burn(5);
    expect(tally).toMatchObject({ events: 7, burntTokens: 15 });
  });

  it('puts its counts into the state of the request, and leaves the cooldown of it', () => {
    const tally = createTally(firstRetryState, undefined);
    tally.begin();
    tally.burn(7);
    tally.countBatch();
    const state = { ...firstRetryState, attempts: 9, waits: 4 };
    expect(tally.into(state)).toEqual({ ...state, attempts: 1, burntTokens: 7, batchCalls: 1 });
  });
});
