import { backoffMs, type RetryMode, retryPresets } from '@sluice/policy';
import { describe, expect, it } from 'vitest';

describe('retryPresets', () => {
  it('makes five attempts by default, from 100 ms to 10 s, ± 25 %, from 1 s to 30 s for rate limits (rows 000-23 to 000-27)', () => {
    expect(retryPresets.default).toEqual({
      maxAttempts: 5,
      backoff: 'exponential',
      baseDelayMs: 100,
      maxDelayMs: 10_000,
      rateLimitBaseDelayMs: 1000,
      rateLimitMaxDelayMs: 30_000,
      jitter: 0.25,
      randomDelayMinMs: 0,
      randomDelayMaxMs: 0,
      sameTarget: 1,
      waitForPreferredMs: 0,
      totals: undefined,
    });
  });

  it.each([
    { mode: 'fast', retries: 1, baseDelayMs: 200, totalMs: 10_000, streamTotalMs: 60_000 },
    { mode: 'balanced', retries: 3, baseDelayMs: 1000, totalMs: 120_000, streamTotalMs: 300_000 },
    { mode: 'secure', retries: 5, baseDelayMs: 2000, totalMs: 60_000, streamTotalMs: 600_000 },
  ] as const)(
    'keeps the numbers of the performance mode $mode (rows 001-16 to 001-18, 001-25 to 001-30)',
    ({ mode, retries, baseDelayMs, totalMs, streamTotalMs }) => {
      expect(retryPresets[mode]).toMatchObject({
        maxAttempts: 1 + retries,
        baseDelayMs,
        jitter: 0,
        randomDelayMinMs: 100,
        randomDelayMaxMs: 500,
        totals: { totalMs, streamTotalMs },
      });
    },
  );

  it('retries three times after exactly 1 s, 2 s and 3 s in the linear preset (row 004-08)', () => {
    const { linear } = retryPresets;
    const waits = Array.from({ length: linear.maxAttempts - 1 }, (_, at) => at);
    for (const schedule of ['transient', 'rate_limit'] as const) {
      expect(waits.map((wait) => backoffMs(linear, { schedule, waits: wait, random: () => 0.9 }))).toEqual([
        1000, 2000, 3000,
      ]);
    }
    expect(linear.totals).toBeUndefined();
  });

  it.each(Object.keys(retryPresets) as RetryMode[])('has no base above its cap in %s', (mode) => {
    const preset = retryPresets[mode];
    expect(preset.baseDelayMs).toBeLessThanOrEqual(preset.maxDelayMs);
    expect(preset.rateLimitBaseDelayMs).toBeLessThanOrEqual(preset.rateLimitMaxDelayMs);
    expect(preset.rateLimitBaseDelayMs).toBeGreaterThanOrEqual(preset.baseDelayMs);
    expect(preset.randomDelayMinMs).toBeLessThanOrEqual(preset.randomDelayMaxMs);
  });
});
