import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHeartbeat, heartbeatLine } from '../../src/sse/heartbeat.ts';

describe('createHeartbeat', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('beats after every ten seconds of silence, counted from the last event', () => {
    const onSilence = vi.fn<() => void>();
    const heartbeat = createHeartbeat({ everyMs: 10_000, onSilence, now: () => performance.now() });
    vi.advanceTimersByTime(9000);
    heartbeat.touch();
    vi.advanceTimersByTime(9999);
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onSilence).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(30_000);
    expect(onSilence).toHaveBeenCalledTimes(4);
    heartbeat.stop();
    vi.advanceTimersByTime(60_000);
    expect(onSilence).toHaveBeenCalledTimes(4);
  });

  it('is a comment without a blank line, which no SDK reads as an event', () => {
    expect(heartbeatLine).toBe(': ping\n');
  });
});
