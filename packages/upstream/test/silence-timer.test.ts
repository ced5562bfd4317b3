import { createSilenceTimer } from '@sluice/upstream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

describe('createSilenceTimer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const create = () => {
    const onSilence = vi.fn<() => void>();
    return { onSilence, timer: createSilenceTimer({ onSilence, now: () => performance.now() }) };
  };

  it('notices silence after the allowed time', () => {
    const { onSilence, timer } = create();
    timer.allow(1000);
    vi.advanceTimersByTime(999);
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  it('counts from the last sign of life', () => {
    const { onSilence, timer } = create();
    timer.allow(1000);
    for (let at = 0; at < 10; at++) {
      vi.advanceTimersByTime(900);
      timer.touch();
    }
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  it('changes its patience', () => {
    const { onSilence, timer } = create();
    timer.allow(10_000);
    vi.advanceTimersByTime(5000);
    timer.allow(100);
    vi.advanceTimersByTime(100);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  it('does not count silence of our own making', () => {
    const { onSilence, timer } = create();
    timer.allow(1000);
    timer.suspend();
    vi.advanceTimersByTime(60_000);
    expect(onSilence).not.toHaveBeenCalled();
    timer.allow(1000);
    vi.advanceTimersByTime(1000);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  it('is silent once stopped', () => {
    const { onSilence, timer } = create();
    timer.allow(10);
    timer.stop();
    vi.advanceTimersByTime(100);
    expect(onSilence).not.toHaveBeenCalled();
  });
});
