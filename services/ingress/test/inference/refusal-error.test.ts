import { describe, expect, it } from 'vitest';
import { refusalError } from '../../src/inference/refusal-error.ts';

const limits = { concurrency: 2, rpm: 5, tpm: 100 };

describe('the error of a refusal', () => {
  it.each([
    ['concurrency', 'concurrency_limit_exceeded', 429, 'This API key has 2 requests running, which is its limit.'],
    ['requests', 'rate_limit_exceeded', 429, 'Rate limit reached: 5 requests per minute.'],
    ['tokens', 'rate_limit_exceeded', 429, 'Rate limit reached: 100 tokens per minute; this request needs about 40.'],
    ['overloaded', 'server_overloaded', 503, undefined],
  ] as const)('for %s names the limit', (reason, code, status, message) => {
    const error = refusalError({ reason, retryAfterMs: 700, limits, tokens: 40 });
    expect(error).toMatchObject({ code, status, retryAfterMs: 700, retryable: true });
    if (message !== undefined) expect(error.message).toBe(message);
  });

  it('names no number of tokens while the body of the request is not read', () => {
    const { message } = refusalError({ reason: 'tokens', retryAfterMs: 700, limits });
    expect(message).toBe('Rate limit reached: 100 tokens per minute.');
  });

  it('asks for no retry of a request that alone exceeds the limit', () => {
    const error = refusalError({ reason: 'tokens', retryAfterMs: undefined, limits, tokens: 140 });
    expect(error.message).toBe(
      'The request needs about 140 tokens, more than the 100 tokens per minute of this API key.',
    );
    expect([error.retryable, error.retryAfterMs]).toEqual([false, undefined]);
  });
});
