import type { NextStep, Standing } from '@sluice/policy';
import { firstRetryState, type UpstreamFailure } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { finalError } from '../../src/run/final-error.ts';

const hourMs = 3_600_000;
const open = (cause?: string): Standing => ({ kind: 'open', waitMs: hourMs, cause });
const fail = (reason: Extract<NextStep, { kind: 'fail' }>['reason'], retryAfterMs?: number): NextStep =>
  retryAfterMs === undefined ? { kind: 'fail', reason } : { kind: 'fail', reason, retryAfterMs };
const busy: UpstreamFailure = { kind: 'server', message: 'The provider is busy.', retryAfterMs: hourMs };

describe('the error of a request without a further target', () => {
  it.each<[string, NextStep, UpstreamFailure | undefined, string, number | undefined]>([
    ['a cooldown', fail('cooling', 1500), busy, 'upstream_rate_limited', 1500],
    ['a cooldown of an hour', fail('cooling', hourMs), undefined, 'upstream_rate_limited', 60_000],
    ['an open circuit', fail('open', 2500), undefined, 'upstream_unavailable', 2500],
    ['a circuit that stays open for an hour', fail('open', hourMs), undefined, 'upstream_unavailable', 60_000],
    ['a provider that wants an hour', fail('exhausted'), busy, 'upstream_error', 60_000],
    ['refused credentials', fail('refused'), undefined, 'upstream_authentication', undefined],
    [
      'a wait of our own without a call',
      { kind: 'wait', delayMs: hourMs, state: firstRetryState },
      undefined,
      'upstream_unavailable',
      60_000,
    ],
  ])('tells the wait for %s, up to a minute', (_what, step, lastFailure, code, retryAfterMs) => {
    expect(finalError({ step, lastFailure, standings: [] })).toMatchObject({ code, retryAfterMs });
  });

  it('names the failure that opened the circuit, if it is known', () => {
    const step = fail('open', 1000);
    const { message } = finalError({ step, lastFailure: undefined, standings: [open(), open('status 503')] });
    expect(message).toBe('No provider for this model is available just now; the last failure there was status 503.');
    const unknown = finalError({ step, lastFailure: undefined, standings: [open()] });
    expect(unknown.message).not.toContain('last failure');
  });
});
