import { describe, expect, it } from 'vitest';
import { createCollector } from '../src/collect-garbage.ts';
import { createMemoryGuard } from '../src/memory-guard.ts';

/** A simulated process; a collection frees its garbage. */
function setUp(limitBytes: number | undefined) {
  const memory = { live: 0, garbage: 0, collections: 0, measured: 0, now: 0 };
  const told: number[] = [];
  const guard = createMemoryGuard({
    limitBytes,
    usedBytes() {
      memory.measured++;
      return memory.live + memory.garbage;
    },
    collect() {
      memory.collections++;
      memory.garbage = 0;
    },
    onFull: (used) => told.push(used),
    now: () => memory.now,
  });
  const isFullAfter = (ms: number): boolean => {
    memory.now += ms;
    return guard.isFull();
  };
  return { memory, told, isFullAfter };
}

describe('the memory of a process', () => {
  it('is never full without a limit, and is not measured', () => {
    const { memory, isFullAfter } = setUp(undefined);
    memory.live = Number.MAX_SAFE_INTEGER;
    expect(isFullAfter(1000)).toBe(false);
    expect(memory.measured).toBe(0);
  });

  it('is full when live memory exceeds the limit', () => {
    const { memory, told, isFullAfter } = setUp(100);
    memory.live = 90;
    memory.garbage = 20;
    expect(isFullAfter(1000)).toBe(false);
    expect([memory.collections, told]).toEqual([1, []]);
    memory.live = 110;
    expect(isFullAfter(10_000)).toBe(true);
    expect(told).toEqual([110]);
  });

  it('is not full any more as soon as less memory is in use', () => {
    const { memory, isFullAfter } = setUp(100);
    memory.live = 110;
    expect(isFullAfter(1000)).toBe(true);
    memory.live = 100;
    expect(isFullAfter(300)).toBe(false);
    expect(memory.collections).toBe(1);
  });

  it('is collected again while it is full, so that an idle process serves again', () => {
    const { memory, isFullAfter } = setUp(100);
    memory.live = 110;
    expect(isFullAfter(1000)).toBe(true);
    Object.assign(memory, { live: 50, garbage: 60 });
    expect(isFullAfter(1000)).toBe(true);
    expect(isFullAfter(5000)).toBe(false);
    expect(memory.collections).toBe(2);
  });

  it('does not count as full because of garbage between two collections', () => {
    const { memory, isFullAfter } = setUp(100);
    Object.assign(memory, { live: 50, garbage: 60 });
    expect(isFullAfter(1000)).toBe(false);
    memory.garbage = 60;
    expect(isFullAfter(500)).toBe(false);
    expect(memory.collections).toBe(1);
    expect(isFullAfter(600)).toBe(false);
    expect(memory.collections).toBe(2);
  });

  it('is full at once when a burst exceeds the limit by far', () => {
    const { memory, isFullAfter } = setUp(100);
    Object.assign(memory, { live: 50, garbage: 60 });
    expect(isFullAfter(1000)).toBe(false);
    memory.live = 160;
    expect(isFullAfter(300)).toBe(true);
  });

  it('is measured at most five times a second', () => {
    const { memory, isFullAfter } = setUp(100);
    for (let count = 0; count < 100; count++) isFullAfter(10);
    expect(memory.measured).toBeLessThanOrEqual(6);
  });
});

describe('a collection', () => {
  it('frees unreachable objects', () => {
    const collect = createCollector();
    collect();
    const before = process.memoryUsage().heapUsed;
    let garbage: object[] | undefined = Array.from({ length: 500_000 }, (_, at) => ({ at }));
    expect(garbage).toHaveLength(500_000);
    expect(process.memoryUsage().heapUsed - before).toBeGreaterThan(10_000_000);
    garbage = undefined;
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
  });
});
