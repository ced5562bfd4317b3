import { retryPresets } from '@sluice/policy';
import { describe, expect, it } from 'vitest';
import { load } from '../load.ts';

const totals = (yaml: string): [number, number] => {
  const { totalMs, streamTotalMs } = load(yaml).timeouts;
  return [totalMs, streamTotalMs];
};

describe('retry', () => {
  it.each(Object.keys(retryPresets) as (keyof typeof retryPresets)[])('uses the mode %s unchanged', (mode) => {
    const { totals: _totals, ...policy } = retryPresets[mode];
    expect(load(`retry: { mode: ${mode} }`).retry).toMatchObject(policy);
  });

  it('changes single fields of a mode (rows 001-25, 001-26, 001-29, 001-30)', () => {
    const retry = load(`
retry: { mode: balanced, max_attempts: 3, backoff: linear, base_delay_ms: 2, max_delay_ms: 3, rate_limit_base_delay_ms: 4, rate_limit_max_delay_ms: 5, max_cooldown_ms: 1008, jitter: 1, random_delay_min_ms: 6, random_delay_max_ms: 7, same_target: 2, wait_for_preferred_ms: 8, on_content_policy: end }
`).retry;
    expect(retry).toEqual({
      mode: 'balanced',
      maxAttempts: 3,
      backoff: 'linear',
      baseDelayMs: 2,
      maxDelayMs: 3,
      rateLimitBaseDelayMs: 4,
      rateLimitMaxDelayMs: 5,
      maxCooldownMs: 1008,
      jitter: 1,
      randomDelayMinMs: 6,
      randomDelayMaxMs: 7,
      sameTarget: 2,
      waitForPreferredMs: 8,
      onContentPolicy: 'end',
    });
    expect(load('retry: { mode: fast, max_attempts: 9 }').retry).toMatchObject({ maxAttempts: 9, baseDelayMs: 200 });
  });
});

describe('time-outs', () => {
  it.each([
    ['fast', 10_000, 60_000],
    ['balanced', 120_000, 300_000],
    ['secure', 60_000, 600_000],
    ['default', 600_000, 600_000],
    ['linear', 600_000, 600_000],
  ])('follow the mode %s (rows 001-16 to 001-18)', (mode, totalMs, streamTotalMs) => {
    expect(totals(`retry: { mode: ${mode} }`)).toEqual([totalMs, streamTotalMs]);
  });

  it('follow total_ms for both, and stream_total_ms for streams', () => {
    expect(totals('timeouts: { total_ms: 5 }\nretry: { mode: fast }')).toEqual([5, 5]);
    expect(totals('timeouts: { total_ms: 5, stream_total_ms: 6 }')).toEqual([5, 6]);
    expect(totals('timeouts: { stream_total_ms: 6 }\nretry: { mode: fast }')).toEqual([10_000, 6]);
  });

  it('are those of the file', () => {
    expect(load('timeouts: { first_token_ms: 1, idle_ms: 2 }').timeouts).toMatchObject({ firstTokenMs: 1, idleMs: 2 });
  });
});
