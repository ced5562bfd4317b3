import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createComparison } from '../../src/keys/comparison.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  let next = Promise.withResolvers<void>();
  let runs = 0;
  const comparison = createComparison({
    compare() {
      runs++;
      return next.promise;
    },
    onError: () => undefined,
  });
  onTestFinished(() => comparison.close());
  return {
    comparison,
    runs: () => runs,
    async end(failure?: Error) {
      const { resolve, reject } = next;
      next = Promise.withResolvers<void>();
      if (failure === undefined) resolve();
      else reject(failure);
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

const away = new Error('the database is away');

describe('a comparison of keys', () => {
  it('is waited for until its first success, and then no more', async () => {
    const { comparison, end } = setUp();
    void comparison.run();
    const waiting = comparison.untilSuccess();
    expect(waiting).toBeDefined();
    await end();
    await waiting;
    expect([comparison.hasSucceeded(), comparison.untilSuccess()]).toEqual([true, undefined]);
  });

  it('is waited for during 5 s at most', async () => {
    const { comparison } = setUp();
    void comparison.run();
    let isOver = false;
    void comparison.untilSuccess()?.then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(4999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isOver).toBe(true);
  });

  it('is not waited for once it has failed, and is repeated after a second', async () => {
    const { comparison, end, runs } = setUp();
    void comparison.run();
    const waiting = comparison.untilSuccess();
    await end(away);
    await waiting;
    expect([comparison.hasSucceeded(), comparison.untilSuccess()]).toEqual([false, undefined]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([runs(), comparison.untilSuccess()]).toEqual([2, undefined]);
    await end();
    expect(comparison.hasSucceeded()).toBe(true);
    await vi.advanceTimersByTimeAsync(9999);
    expect(runs()).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs()).toBe(3);
  });
});
