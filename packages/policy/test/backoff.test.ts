import { backoffMs, retryPresets } from '@sluice/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const seeded = (value: number) => () => value;
const none = seeded(0.5); // the middle of the jitter range: no jitter

describe('backoffMs', () => {
  it('doubles from 100 ms to 10 s by default (rows 000-24, 000-25)', () => {
    const delays = [0, 1, 2, 3, 6, 7, 40].map((waits) =>
      backoffMs(retryPresets.default, { schedule: 'transient', waits, random: none }),
    );
    expect(delays).toEqual([100, 200, 400, 800, 6400, 10_000, 10_000]);
  });

  it('grows from 1 s to 30 s for rate limits (row 000-26)', () => {
    const delays = [0, 1, 4, 5].map((waits) =>
      backoffMs(retryPresets.default, { schedule: 'rate_limit', waits, random: none }),
    );
    expect(delays).toEqual([1000, 2000, 16_000, 30_000]);
  });

  it('has a jitter of a quarter to either side (row 000-27)', () => {
    const at = (random: number) =>
      backoffMs(retryPresets.default, { schedule: 'transient', waits: 0, random: seeded(random) });
    expect([at(0), at(0.5), at(1)]).toEqual([75, 100, 125]);
  });

  it('takes exactly 1 s, 2 s, 3 s in the linear preset (row 004-08)', () => {
    const delays = [0, 1, 2].map((waits) =>
      backoffMs(retryPresets.linear, { schedule: 'transient', waits, random: Math.random }),
    );
    expect(delays).toEqual([1000, 2000, 3000]);
  });

  it.each([
    ['fast', 200],
    ['balanced', 1000],
    ['secure', 2000],
  ] as const)('adds 100 to 500 ms to the delay of %s (rows 001-16 to 001-30)', (mode, baseMs) => {
    const at = (random: number) =>
      backoffMs(retryPresets[mode], { schedule: 'transient', waits: 0, random: seeded(random) });
    expect([at(0), at(1)]).toEqual([baseMs + 100, baseMs + 500]);
  });

  it('stays within its bounds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(retryPresets)),
        fc.constantFrom('transient' as const, 'rate_limit' as const),
        fc.nat(200),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (policy, schedule, waits, random) => {
          const capMs = schedule === 'rate_limit' ? policy.rateLimitMaxDelayMs : policy.maxDelayMs;
          const baseMs = schedule === 'rate_limit' ? policy.rateLimitBaseDelayMs : policy.baseDelayMs;
          const delayMs = backoffMs(policy, { schedule, waits, random: seeded(random) });
          expect(delayMs).toBeLessThanOrEqual(capMs + policy.randomDelayMaxMs);
          expect(delayMs).toBeGreaterThanOrEqual(Math.floor(Math.min(capMs, baseMs) * (1 - policy.jitter)));
        },
      ),
    );
  });
});
