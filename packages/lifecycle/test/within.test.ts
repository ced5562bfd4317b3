import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { within } from '../src/index.ts';

describe('waiting within a limit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends with the promise', async () => {
    await within(Promise.resolve(), 1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends at the limit', async () => {
    let isOver = false;
    const waiting = within(Promise.withResolvers<void>().promise, 1000).then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(isOver).toBe(true);
  });

  it('fails with the promise', async () => {
    await expect(within(Promise.reject(new Error('no')), 1000)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });
});
