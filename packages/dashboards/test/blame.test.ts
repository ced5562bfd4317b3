import { type ErrorCode, errorTable } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { badCodes, codesOf, culpritOf } from '../src/blame.ts';

describe('culpritOf', () => {
  it.each([
    ['invalid_type', 'client'],
    ['invalid_api_key', 'client'],
    ['client_too_slow', 'client'],
    ['rate_limit_exceeded', 'key limits'],
    ['upstream_rate_limited', 'provider'],
    ['upstream_timeout', 'provider'],
    ['upstream_truncated', 'provider'],
    ['queue_timeout', 'fleet'],
    ['redis_unavailable', 'fleet'],
    ['worker_lost', 'fleet'],
    ['internal_error', 'sluice'],
  ] as const)('blames for %s the %s', (code, culprit) => {
    expect(culpritOf(code)).toBe(culprit);
  });

  it('names somebody for every code, once', () => {
    const all = codesOf('client', 'key limits', 'provider', 'fleet', 'sluice').split('|');
    expect(all.sort()).toEqual(Object.keys(errorTable).sort());
  });

  it('counts against the objective only what no client can help', () => {
    for (const code of badCodes.split('|')) {
      // A client that does not read has seen its 200.
      expect(errorTable[code as ErrorCode].status >= 500 || code === 'upstream_rate_limited', code).toBe(true);
    }
  });
});
