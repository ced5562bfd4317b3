import { nextStep, retryPresets, type RoundEnd, type Standing } from '@sluice/policy';
import { firstRetryState } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const failed = (retryAfterMs?: number): Standing => ({ kind: 'failed', retryAfterMs });
const refused: Standing = { kind: 'refused' };
const open = (waitMs: number): Standing => ({ kind: 'open', waitMs });
const cooling = (waitMs: number): Standing => ({ kind: 'cooling', waitMs });

const roundEnd = (over: Partial<RoundEnd>): RoundEnd => ({
  policy: retryPresets.default,
  state: { ...firstRetryState, attempts: 1 },
  standings: [failed()],
  remainingMs: 60_000,
  random: () => 0.5,
  ...over,
});

describe('nextStep', () => {
  it('backs off after a failure and counts the wait', () => {
    expect(nextStep(roundEnd({}))).toEqual({
      kind: 'wait',
      delayMs: 100,
      state: { ...firstRetryState, attempts: 1, waits: 1 },
    });
  });

  it('waits exactly as long as the provider asks', () => {
    expect(nextStep(roundEnd({ standings: [failed(2500)] }))).toMatchObject({ kind: 'wait', delayMs: 2500 });
  });

  it('never waits beyond the deadline', () => {
    const step = nextStep(roundEnd({ standings: [failed(2500)], remainingMs: 2500 }));
    expect(step).toEqual({ kind: 'fail', reason: 'exhausted', retryAfterMs: 2500 });
  });

  it('gives up after five calls in all, the first included (row 000-23)', () => {
    const after = (attempts: number) => nextStep(roundEnd({ state: { ...firstRetryState, attempts } })).kind;
    expect([1, 2, 3, 4, 5].map(after)).toEqual(['wait', 'wait', 'wait', 'wait', 'fail']);
  });

  it('waits for the earliest of several credentials that rest', () => {
    const step = nextStep(roundEnd({ standings: [cooling(9000), cooling(3000)], random: () => 0 }));
    expect(step).toEqual({ kind: 'wait', delayMs: 3000, state: { ...firstRetryState, attempts: 1 } });
  });

  it('says how long the credentials rest when the deadline comes first', () => {
    const step = nextStep(roundEnd({ standings: [cooling(9000)], remainingMs: 5000 }));
    expect(step).toEqual({ kind: 'fail', reason: 'cooling', retryAfterMs: 9000 });
  });

  it('takes whichever comes first: a back-off, a credential, a circuit', () => {
    const delay = (...standings: Standing[]) => {
      const step = nextStep(roundEnd({ standings, random: () => 0 }));
      return step.kind === 'wait' ? step.delayMs : step;
    };
    expect(delay(failed(), cooling(40))).toBe(40);
    expect(delay(failed(500), cooling(4000), open(300))).toBe(300);
    expect(delay(failed(), refused)).toBe(75);
  });

  it('refuses at once what has not cost anything yet when every circuit is open', () => {
    const state = firstRetryState;
    expect(nextStep(roundEnd({ state, standings: [open(4000), refused] }))).toEqual({
      kind: 'fail',
      reason: 'open',
      retryAfterMs: 4000,
    });
  });

  it('lets a request that has been called for before wait for the circuit, but not for ever', () => {
    const at = (waits: number) =>
      nextStep(roundEnd({ state: { ...firstRetryState, attempts: 1, waits }, standings: [open(4000)] }));
    expect(at(0)).toMatchObject({ kind: 'wait', state: { waits: 1 } });
    expect(at(5)).toMatchObject({ kind: 'fail', reason: 'open' });
  });

  it('gives up when every target has refused', () => {
    expect(nextStep(roundEnd({ standings: [refused, refused] }))).toEqual({ kind: 'fail', reason: 'refused' });
  });

  it('always ends: waits stay below the deadline, and their number is bounded', () => {
    const standing = fc.oneof(
      fc.option(fc.nat(5000), { nil: undefined }).map(failed),
      fc.nat(5000).map(open),
      fc.constant(refused),
    );
    fc.assert(
      fc.property(fc.array(standing, { minLength: 1, maxLength: 4 }), fc.nat(100_000), (standings, remainingMs) => {
        let state = { ...firstRetryState, attempts: 1 };
        for (let rounds = 0; ; rounds++) {
          const step = nextStep(roundEnd({ state, standings, remainingMs, random: Math.random }));
          if (step.kind === 'fail') return;
          expect(step.delayMs).toBeLessThanOrEqual(Math.max(1, remainingMs));
          expect(rounds).toBeLessThan(12);
          const isCalled = standings.some(({ kind }) => kind === 'failed');
          state = { ...step.state, attempts: step.state.attempts + (isCalled ? 1 : 0) };
        }
      }),
    );
  });
});
