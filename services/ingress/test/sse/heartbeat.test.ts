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

  it('beats in the same turn as other streams that began within a second', () => {
    const beats: number[] = [];
    const streams = [0, 130, 290, 400].map((waitMs) => {
      vi.advanceTimersByTime(waitMs);
      const onSilence = (): unknown => beats.push(performance.now());
      return createHeartbeat({ everyMs: 10_000, onSilence, now: () => performance.now() });
    });
    vi.advanceTimersByTime(20_000);
    expect(beats).toEqual([10_000, 10_000, 10_000, 10_000, 20_000, 20_000, 20_000, 20_000]);
    for (const stream of streams) stream.stop();
  });

  it('never lets a silence exceed its interval', () => {
    const beats: number[] = [];
    vi.advanceTimersByTime(999.5);
    const startedAt = performance.now();
    const onSilence = (): unknown => beats.push(performance.now() - startedAt);
    const heartbeat = createHeartbeat({ everyMs: 15_500, onSilence, now: () => performance.now() });
    vi.advanceTimersByTime(62_000);
    heartbeat.stop();
    expect(beats).toHaveLength(4);
    const gaps = beats.map((at, index) => at - (beats[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(15_501);
    expect(Math.min(...gaps)).toBeGreaterThan(14_500);
  });

  it('is a comment without a blank line, which no SDK reads as an event', () => {
    expect(heartbeatLine).toBe(': ping\n');
  });
});
