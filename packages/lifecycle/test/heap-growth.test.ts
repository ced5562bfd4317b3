import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fitHeapGrowth, heapGrowthPercent } from '../src/heap-growth.ts';

describe('heapGrowthPercent', () => {
  it.each([
    [0, 150],
    [500, 77],
    [1000, 40],
    [2000, 40],
    [100_000, 40],
  ])('lets the heap of a service with %i open requests grow by a share that fits the budget', (open, percent) => {
    expect(heapGrowthPercent(open)).toBe(percent);
  });
});

describe('fitHeapGrowth', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sets the flag when the number of open requests asks for another value', () => {
    const flags: string[] = [];
    let open = 0;
    const execArgv = ['--max-semi-space-size=16', '--heap-growing-percent=150'];
    fitHeapGrowth({ openRequests: () => open, execArgv, setFlag: (flag) => flags.push(flag) });
    vi.advanceTimersByTime(1000);
    open = 2000;
    vi.advanceTimersByTime(1000);
    open = 0;
    vi.advanceTimersByTime(1000);
    expect(flags).toEqual(['--heap-growing-percent=150', '--heap-growing-percent=40', '--heap-growing-percent=150']);
  });

  it('leaves a process alone that was started without the flag', () => {
    const setFlag = vi.fn<(flag: string) => void>();
    fitHeapGrowth({ openRequests: () => 2000, execArgv: ['--no-flush-bytecode'], setFlag });
    vi.advanceTimersByTime(1000);
    expect(setFlag).not.toHaveBeenCalled();
  });
});
