import { describe, expect, it } from 'vitest';
import { refusalError } from '../../src/inference/refusal-error.ts';

const limits = { concurrency: 2, rpm: 5, tpm: 100 };
const principal = { limits, budgets: {}, team: undefined };

describe('the error of a refusal', () => {
  it.each([
    ['concurrency', 'concurrency_limit_exceeded', 429, 'This API key has 2 requests running, which is its limit.'],
    ['requests', 'rate_limit_exceeded', 429, 'Rate limit reached: 5 requests per minute.'],
    ['tokens', 'rate_limit_exceeded', 429, 'Rate limit reached: 100 tokens per minute; this request needs about 40.'],
    ['overloaded', 'server_overloaded', 503, undefined],
  ] as const)('for %s names the limit', (reason, code, status, message) => {
    const error = refusalError({ reason, retryAfterMs: 700, principal, tokens: 40 });
    expect(error).toMatchObject({ code, status, retryAfterMs: 700, retryable: true });
    if (message !== undefined) expect(error.message).toBe(message);
  });

  it('names no number of tokens while the body of the request is not read', () => {
    const { message } = refusalError({ reason: 'tokens', retryAfterMs: 700, principal });
    expect(message).toBe('Rate limit reached: 100 tokens per minute.');
  });

  it('asks for no retry of a request that alone exceeds the limit', () => {
    const error = refusalError({ reason: 'tokens', retryAfterMs: undefined, principal, tokens: 140 });
    expect(error.message).toBe(
      'The request needs about 140 tokens, more than the 100 tokens per minute of this API key.',
    );
    expect([error.retryable, error.retryAfterMs]).toEqual([false, undefined]);
  });

  it.each([
    ['concurrency', "The team 'blue' has 3 requests running, which is its limit."],
    ['requests', "Rate limit of the team 'blue' reached: 6 requests per minute."],
    ['tokens', "Rate limit of the team 'blue' reached: 200 tokens per minute; this request needs about 40."],
  ] as const)('for %s says when the limit is that of the team', (reason, message) => {
    const team = { id: 'blue', models: ['*'], limits: { concurrency: 3, rpm: 6, tpm: 200 }, budgets: {} };
    const error = refusalError({
      reason,
      retryAfterMs: 700,
      principal: { limits, budgets: {}, team },
      tokens: 40,
      scope: 'team',
    });
    expect(error.message).toBe(message);
  });
});

describe('the error of a budget', () => {
  const redisNow = Date.UTC(2026, 11, 31, 12);
  const owners = {
    limits: {},
    budgets: { day: 10_000_000, total: 25_500_000 },
    team: { id: 'blue', models: ['*'], limits: {}, budgets: { month: 1_000_000_125 } },
  };
  const bounded = { micros: 300_000, isBounded: true, microsIfLost: 0 };

  it.each([
    [
      'key',
      { window: 'day', leftMicros: 0 },
      bounded,
      'The budget of this API key for a day is $10.00, and $0.00 of it is neither spent nor reserved. It resets at 2027-01-01T00:00Z.',
    ],
    [
      'team',
      { window: 'month', leftMicros: 125 },
      bounded,
      "The budget of the team 'blue' for a month is $1000.000125, and $0.000125 of it is neither spent nor reserved. This request can cost up to $0.30; a smaller max_tokens lowers that. It resets at 2027-01-01T00:00Z.",
    ],
    [
      'key',
      { window: 'total', leftMicros: 500_000 },
      { ...bounded, isBounded: false },
      'The budget of this API key in all is $25.50, and $0.50 of it is neither spent nor reserved. Nothing bounds the cost of this request: set max_tokens. It does not reset.',
    ],
  ] as const)('of a %s says which one, what is left, and when it resets', (scope, budget, money, message) => {
    const error = refusalError({
      reason: 'budget',
      retryAfterMs: undefined,
      principal: owners,
      scope,
      budget,
      money,
      redisNow,
    });
    expect(error).toMatchObject({ code: 'insufficient_quota', status: 429, retryable: false, message });
    expect(error.retryAfterMs).toBeUndefined();
  });
});
