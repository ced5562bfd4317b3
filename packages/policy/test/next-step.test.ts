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

  it('gives up after five attempts, the first included (row 000-23)', () => {
    const after = (attempts: number) => nextStep(roundEnd({ state: { ...firstRetryState, attempts } })).kind;
    expect([1, 2, 3, 4, 5].map(after)).toEqual(['wait', 'wait', 'wait', 'wait', 'fail']);
  });

  it('waits for the cooldown that ends first', () => {
    const step = nextStep(roundEnd({ standings: [cooling(9000), cooling(3000)], random: () => 0 }));
    expect(step).toEqual({ kind: 'wait', delayMs: 3000, state: { ...firstRetryState, attempts: 1 } });
  });

  it('reports the remaining cooldown when the deadline comes first', () => {
    const step = nextStep(roundEnd({ standings: [cooling(9000)], remainingMs: 5000 }));
    expect(step).toEqual({ kind: 'fail', reason: 'cooling', retryAfterMs: 9000 });
  });

  it('takes the earliest of back-off, cooldown and circuit', () => {
    const delay = (...standings: Standing[]) => {
      const step = nextStep(roundEnd({ standings, random: () => 0 }));
      return step.kind === 'wait' ? step.delayMs : step;
    };
    expect(delay(failed(), cooling(40))).toBe(40);
    expect(delay(failed(500), cooling(4000), open(300))).toBe(300);
    expect(delay(failed(), refused)).toBe(75);
  });

  it('lets a request wait for the probe of an open circuit, a limited number of times', () => {
    const at = (circuitWaits: number, attempts: number) =>
      nextStep(roundEnd({ state: { ...firstRetryState, attempts, circuitWaits }, standings: [open(4000), refused] }));
    expect(at(0, 0)).toMatchObject({ kind: 'wait', delayMs: 4025, state: { attempts: 0, waits: 0, circuitWaits: 1 } });
    expect(at(0, 1)).toMatchObject({ kind: 'wait', state: { attempts: 1, waits: 0, circuitWaits: 1 } });
    expect(at(8, 1)).toEqual({ kind: 'fail', reason: 'open', retryAfterMs: 4000 });
  });

  it('checks a running probe less and less often', () => {
    const delays = Array.from({ length: 8 }, (_, circuitWaits) => {
      const state = { ...firstRetryState, circuitWaits };
      const step = nextStep(roundEnd({ state, standings: [open(250)], random: () => 0.5 }));
      return step.kind === 'wait' ? step.delayMs : step;
    });
    expect(delays).toEqual([275, 275, 425, 825, 1625, 3225, 6425, 10_025]);
  });

  it('reports when the circuit may close if the deadline comes first', () => {
    const step = nextStep(roundEnd({ standings: [open(4000)], remainingMs: 3000 }));
    expect(step).toEqual({ kind: 'fail', reason: 'open', retryAfterMs: 4000 });
  });

  it('waits at least its own back-off, for every retry-after of the provider', () => {
    fc.assert(
      fc.property(fc.nat(60_000), fc.nat(4), (retryAfterMs, waits) => {
        const at = (standing: Standing) => {
          const step = nextStep(roundEnd({ state: { ...firstRetryState, attempts: 1, waits }, standings: [standing] }));
          return step.kind === 'wait' ? step.delayMs : Number.POSITIVE_INFINITY;
        };
        expect(at(failed(retryAfterMs))).toBeGreaterThanOrEqual(at(failed()));
      }),
    );
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
          expect(rounds).toBeLessThan(20);
          const isCalled = standings.some(({ kind }) => kind === 'failed');
          state = { ...step.state, attempts: step.state.attempts + (isCalled ? 1 : 0) };
        }
      }),
    );
  });
});
