import type { Admission, Rates, Lease, Turn, Verdict } from '@sluice/admission';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { admit, type AdmitRequest } from '../../src/inference/admit.ts';
import { refusal as refused } from './fakes.ts';

const rates: Rates = { requests: { limit: 5, remaining: 4, resetMs: 12_000 }, tokens: undefined };
const limits = { rpm: 5, tpm: 100, concurrency: 2 };

function setUp(verdict: Verdict | Error) {
  const controller = new AbortController();
  const onRates = vi.fn<(rates: Rates) => void>();
  const admission: Pick<Admission, 'acquire'> = {
    acquire: () => (verdict instanceof Error ? Promise.reject(verdict) : Promise.resolve(verdict)),
  };
  const request: AdmitRequest = {
    requestId: 'r',
    principal: { keyId: 'k', limits, weight: 1, budgets: {}, team: undefined },
    tokens: 40,
    maxWaitMs: 5000,
    signal: controller.signal,
    now: () => performance.now(),
    onRates,
  };
  return { controller, onRates, result: admit(admission, request) };
}

function lease(mustWait: boolean) {
  const { promise: admitted, resolve: end } = Promise.withResolvers<Turn>();
  const release = vi.fn<Lease['release']>();
  const accepted: Verdict = {
    kind: 'accepted',
    lease: { mustWait, admitted, release },
    rates,
    redisNow: 1_000_000,
  };
  return { accepted, wake: () => end('run'), displace: () => end('displaced'), release };
}

describe('admit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('lets a request run at once', async () => {
    const { result, onRates } = setUp(lease(false).accepted);
    expect(await result).toMatchObject({ waitedMs: 0, redisNow: 1_000_000 });
    expect(onRates).toHaveBeenCalledExactlyOnceWith(rates);
  });

  it('waits for the lease, and adds the wait to the clock', async () => {
    const { accepted, wake, release } = lease(true);
    const { result } = setUp(accepted);
    await vi.advanceTimersByTimeAsync(1500);
    wake();
    expect(await result).toMatchObject({ waitedMs: 1500, redisNow: 1_001_500 });
    expect(release).not.toHaveBeenCalled();
  });

  it('gives everything back when the wait is too long', async () => {
    const { accepted, release } = lease(true);
    const { result } = setUp(accepted);
    const refusal = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await refusal).toMatchObject({ code: 'queue_timeout', status: 503, retryAfterMs: 1000 });
    expect(release).toHaveBeenCalledExactlyOnceWith({ requests: -1, tokens: -40 });
  });

  it('gives back the tokens but not the request when the client leaves', async () => {
    const { accepted, release } = lease(true);
    const { result, controller } = setUp(accepted);
    const refusal = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    controller.abort();
    expect(await refusal).toMatchObject({ code: 'request_cancelled' });
    expect(release).toHaveBeenCalledExactlyOnceWith({ requests: 0, tokens: -40 });
  });

  it('does not run a request whose client has left before the decision', async () => {
    const { accepted, release } = lease(false);
    const { result, controller } = setUp(accepted);
    controller.abort();
    await expect(result).rejects.toMatchObject({ code: 'request_cancelled' });
    expect(release).toHaveBeenCalledExactlyOnceWith({ requests: 0, tokens: -40 });
  });

  it('gives everything back when it is displaced by a key with fewer waiters', async () => {
    const { accepted, release, displace } = lease(true);
    const { result } = setUp(accepted);
    displace();
    await expect(result).rejects.toMatchObject({ code: 'server_overloaded', status: 503, retryAfterMs: 1000 });
    expect(release).toHaveBeenCalledExactlyOnceWith({ requests: -1, tokens: -40 });
  });

  it.each([
    ['concurrency', 1000, 'concurrency_limit_exceeded', 429, /2 requests running/],
    ['requests', 700, 'rate_limit_exceeded', 429, /5 requests per minute/],
    ['tokens', 700, 'rate_limit_exceeded', 429, /100 tokens per minute/],
    ['tokens', undefined, 'rate_limit_exceeded', 429, /about 40 tokens, more than the 100/],
    ['overloaded', 1000, 'server_overloaded', 503, /waiting room is full/],
  ] as const)('refuses for %s (%s ms) with %s', async (reason, retryAfterMs, code, status, message) => {
    const { result, onRates } = setUp(refused({ reason, retryAfterMs }));
    await expect(result).rejects.toMatchObject({
      code,
      status,
      retryAfterMs,
      message: expect.stringMatching(message) as string,
    });
    expect(onRates).toHaveBeenCalledOnce();
  });

  it('reports that Redis is away', async () => {
    const { result } = setUp(new Error("Stream isn't writeable and enableOfflineQueue options is false"));
    await expect(result).rejects.toMatchObject({ code: 'redis_unavailable', status: 503 });
  });

  it('passes unexpected errors on', async () => {
    const { result } = setUp(new Error('ERR user_script:1: boom'));
    await expect(result).rejects.toThrow('boom');
  });
});
