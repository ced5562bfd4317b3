import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTimers } from '../../../src/inference/exchange/timers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(longestMs = 1000) {
  const heard: string[] = [];
  return { heard, timers: createTimers(longestMs, (event) => heard.push(event.kind)) };
}

describe('the timers of a request', () => {
  it('end the request at its deadline', async () => {
    const { heard } = setUp();
    await vi.advanceTimersByTimeAsync(999);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual(['fail']);
  });

  it('send one event at a time: a later one replaces an earlier one', async () => {
    const { timers, heard } = setUp();
    timers.start({ kind: 'start_timer', ms: 100, event: { kind: 'rerun_due', reason: 'upstream_error' } });
    timers.start({ kind: 'start_timer', ms: 200, event: { kind: 'confirmation_due' } });
    await vi.advanceTimersByTimeAsync(500);
    expect(heard).toEqual(['confirmation_due']);
  });

  it('send nothing more once they are closed', async () => {
    const { timers, heard } = setUp();
    timers.start({ kind: 'start_timer', ms: 100, event: { kind: 'confirmation_due' } });
    timers.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(heard).toEqual([]);
  });
});
