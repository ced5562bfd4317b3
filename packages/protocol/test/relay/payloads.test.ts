import { firstRetryState } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { retryStateSchema } from '../../src/relay/payloads.ts';

describe('the retry state', () => {
  it('survives the way through Redis unchanged', () => {
    const state = {
      ...firstRetryState,
      attempts: 3,
      stalled: ['u/m', 'u/m'],
      brokenAt: { upstream: 'u', model: 'm' },
      spoiled: 1,
      forbidden: ['u/m#a'],
      circuitWaits: 2,
      batchCalls: 4,
      away: [{ target: 'u/m', ms: 7475 }],
      lastFailure: { kind: 'server', message: 'x', status: 500 },
    };
    expect(retryStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it('of an older replica may lack newer fields', () => {
    const { attempts, waits, rateLimitWaits, refusedBy, silent, withoutPrefill, burntTokens } = firstRetryState;
    const old = { attempts, waits, rateLimitWaits, refusedBy, silent, withoutPrefill, burntTokens };
    expect(retryStateSchema.parse(old)).toEqual(firstRetryState);
  });

  it('of a newer replica may hold unknown values', () => {
    const lastFailure = { kind: 'kind_of_tomorrow', message: 'x' };
    expect(retryStateSchema.parse({ ...firstRetryState, lastFailure, more: 1 })).toEqual(firstRetryState);
  });
});
