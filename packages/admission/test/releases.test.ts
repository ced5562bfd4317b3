import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createReleases } from '../src/releases.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const request = { requestId: 'r', keyId: 'k', limits: {}, weight: 1, tokens: 1 };
const correction = { requests: 0, tokens: -1, hasWaited: false };
const away = new Error('Command timed out');

/** Releases in a Redis that gives these replies, one after the other; the last one repeats. */
function setUp(replies: readonly (Promise<boolean[]> | Error)[]) {
  let tries = 0;
  const errors: unknown[] = [];
  const releases = createReleases({
    scripts: {
      release() {
        const reply = replies[Math.min(tries++, replies.length - 1)] ?? away;
        return reply instanceof Error ? Promise.reject(reply) : reply;
      },
    },
    leaseMs: 3000,
    onError: (error) => errors.push(error),
    now: () => performance.now(),
  });
  return { releases, errors, tries: () => tries };
}

describe('a release', () => {
  it('is made once', async () => {
    const { releases, errors, tries } = setUp([Promise.resolve([true])]);
    releases.begin(request, correction);
    await vi.advanceTimersByTimeAsync(5000);
    expect([tries(), errors]).toEqual([1, []]);
  });

  it('is made in one call with the others of its turn, and is retried with them', async () => {
    const { releases, errors, tries } = setUp([away, Promise.resolve([true, true])]);
    releases.begin(request, correction);
    releases.begin({ ...request, requestId: 's' }, correction);
    await vi.advanceTimersByTimeAsync(5000);
    expect([tries(), errors.length]).toEqual([2, 2]);
  });

  it('is made at once for a command that follows', () => {
    const { releases, tries } = setUp([Promise.resolve([true])]);
    releases.begin(request, correction);
    expect(tries()).toBe(0);
    releases.flush();
    expect(tries()).toBe(1);
  });

  it('is retried while Redis is away, until the lease has expired', async () => {
    const { releases, errors, tries } = setUp([away]);
    releases.begin(request, correction);
    await vi.advanceTimersByTimeAsync(1010);
    expect(tries()).toBe(3);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([tries(), errors.length]).toEqual([6, 6]);
  });

  it('is made when Redis is back', async () => {
    const { releases, tries } = setUp([away, Promise.resolve([true])]);
    releases.begin(request, correction);
    await vi.advanceTimersByTimeAsync(5000);
    expect(tries()).toBe(2);
  });

  it('is not retried after any other error', async () => {
    const { releases, errors, tries } = setUp([new Error('boom')]);
    releases.begin(request, correction);
    await vi.advanceTimersByTimeAsync(5000);
    expect([tries(), errors.length]).toEqual([1, 1]);
  });
});

describe('settlements', () => {
  const accounting = { openEntry: '{}', promptTokens: 1 };
  const settled = { ...correction, settled: { costMicros: 1, entry: '{}' } };

  it('are retried for longer than a lease', async () => {
    const { releases, tries } = setUp([away]);
    releases.begin({ ...request, accounting }, settled);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tries()).toBeGreaterThan(100);
  });

  it('are retried for longer than a lease beside many requests that were not admitted', async () => {
    const { releases, tries } = setUp([away]);
    for (let count = 0; count < 1050; count++) releases.begin({ ...request, accounting }, correction);
    await vi.advanceTimersByTimeAsync(5000);
    const before = tries();
    await vi.advanceTimersByTimeAsync(500);
    // In calls of 50: those beyond 1000 requests are given up.
    expect(tries() - before).toBe(20);
    releases.begin({ ...request, accounting }, settled);
    await vi.advanceTimersByTimeAsync(5000);
    const after = tries();
    await vi.advanceTimersByTimeAsync(500);
    expect(tries() - after).toBe(21);
  });

  it('of the last 30 s are repeated after a lost connection', async () => {
    const { releases, tries } = setUp([Promise.resolve([true])]);
    releases.begin({ ...request, accounting }, settled);
    releases.begin(request, correction);
    await vi.advanceTimersByTimeAsync(20_000);
    const before = tries();
    releases.repeatSettled();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(tries()).toBe(before + 1);
    releases.begin({ ...request, accounting }, settled);
    await vi.advanceTimersByTimeAsync(31_000);
    releases.begin({ ...request, accounting }, settled);
    await vi.advanceTimersByTimeAsync(1);
    releases.repeatSettled();
    await vi.advanceTimersByTimeAsync(1);
    expect(tries()).toBe(before + 4);
  });
});

describe('the end of the releases', () => {
  it('waits for those that are pending', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean[]>();
    const { releases } = setUp([promise]);
    releases.begin(request, correction);
    let isClosed = false;
    const closed = releases.close(3000).then(() => (isClosed = true));
    await vi.advanceTimersByTimeAsync(2000);
    expect(isClosed).toBe(false);
    resolve([true]);
    await closed;
    expect(isClosed).toBe(true);
  });

  it('waits no longer than its limit, and ends the retries', async () => {
    const { releases, tries } = setUp([away]);
    releases.begin(request, correction);
    const closed = releases.close(700);
    await vi.advanceTimersByTimeAsync(700);
    await closed;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tries()).toBe(2);
  });
});
