import { describe, expect, it } from 'vitest';
import { createCollector } from '../src/collect-garbage.ts';
import { createMemoryGuard } from '../src/memory-guard.ts';

/** A process with so much memory in use, of which a collection frees the garbage. */
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
  it('is never full without a limit, and is not looked at', () => {
    const { memory, isFullAfter } = setUp(undefined);
    memory.live = Number.MAX_SAFE_INTEGER;
    expect(isFullAfter(1000)).toBe(false);
    expect(memory.measured).toBe(0);
  });

  it('is full when more is in use than may be, garbage aside', () => {
    const { memory, told, isFullAfter } = setUp(100);
    memory.live = 90;
    memory.garbage = 20;
    expect(isFullAfter(1000)).toBe(false);
    expect([memory.collections, told]).toEqual([1, []]);
    memory.live = 110;
    expect(isFullAfter(10_000)).toBe(true);
    expect(told).toEqual([110]);
  });

  it('is not full any more as soon as less is in use', () => {
    const { memory, isFullAfter } = setUp(100);
    memory.live = 110;
    expect(isFullAfter(1000)).toBe(true);
    memory.live = 100;
    expect(isFullAfter(300)).toBe(false);
    expect(memory.collections).toBe(1);
  });

  it('is collected again while it is full, so that a process without work serves again', () => {
    const { memory, isFullAfter } = setUp(100);
    memory.live = 110;
    expect(isFullAfter(1000)).toBe(true);
    Object.assign(memory, { live: 50, garbage: 60 });
    expect(isFullAfter(1000)).toBe(true);
    expect(isFullAfter(5000)).toBe(false);
    expect(memory.collections).toBe(2);
  });

  it('is not taken for full by garbage between two collections', () => {
    const { memory, isFullAfter } = setUp(100);
    Object.assign(memory, { live: 50, garbage: 60 });
    expect(isFullAfter(1000)).toBe(false);
    memory.garbage = 60;
    expect(isFullAfter(500)).toBe(false);
    expect(memory.collections).toBe(1);
    expect(isFullAfter(600)).toBe(false);
    expect(memory.collections).toBe(2);
  });

  it('is full at once when a burst brings it far above the limit', () => {
    const { memory, isFullAfter } = setUp(100);
    Object.assign(memory, { live: 50, garbage: 60 });
    expect(isFullAfter(1000)).toBe(false);
    memory.live = 160;
    expect(isFullAfter(300)).toBe(true);
  });

  it('is measured five times a second at most', () => {
    const { memory, isFullAfter } = setUp(100);
    for (let count = 0; count < 100; count++) isFullAfter(10);
    expect(memory.measured).toBeLessThanOrEqual(6);
  });
});

describe('a collection', () => {
  it('frees what nothing refers to any more', () => {
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
