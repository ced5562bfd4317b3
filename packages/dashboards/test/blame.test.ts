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
  ] as const)('assigns %s to the %s', (code, culprit) => {
    expect(culpritOf(code)).toBe(culprit);
  });

  it('assigns every code to one party', () => {
    const all = codesOf('client', 'key limits', 'provider', 'fleet', 'sluice').split('|');
    expect(all.sort()).toEqual(Object.keys(errorTable).sort());
  });

  it('counts no error of a client against the objective', () => {
    for (const code of badCodes.split('|')) {
      // A client that does not read has already received status 200.
      expect(errorTable[code as ErrorCode].status >= 500 || code === 'upstream_rate_limited', code).toBe(true);
    }
  });
});
