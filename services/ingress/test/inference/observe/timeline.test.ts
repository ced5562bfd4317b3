import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Marks, toTimeline } from '../../../src/inference/observe/timeline.ts';

const none = {
  keyAt: undefined,
  bodyAt: undefined,
  admittedAt: undefined,
  workerAt: undefined,
  firstAt: undefined,
  firstRelayMs: 0,
  lastRelayMs: 0,
};
const nothing = { auth: 0, body: 0, admission: 0, queue: 0, attempts: 0, stream: 0, relay: 0, client: 0 };

it.each<[string, Partial<Marks>, object]>([
  ['auth', {}, { auth: 8, client: 2 }],
  ['body', { keyAt: 101 }, { auth: 1, body: 7, client: 2 }],
  ['admission', { keyAt: 101, bodyAt: 102 }, { auth: 1, body: 1, admission: 6, client: 2 }],
  ['queue', { keyAt: 100, bodyAt: 100, admittedAt: 103 }, { admission: 3, queue: 5, client: 2 }],
  ['attempts', { keyAt: 100, bodyAt: 100, admittedAt: 100, workerAt: 104 }, { queue: 4, attempts: 4, client: 2 }],
])('gives the time until an early end to the part that it interrupts: %s', (_part, marks, parts) => {
  const { timeline, durationMs } = toTimeline({ arrivedAt: 100, ...none, ...marks, endedAt: 108, closedAt: 110 });
  expect(timeline).toEqual({ ...nothing, ...parts });
  expect(durationMs).toBe(10);
});

it.each<[string, Partial<Marks>, object]>([
  [
    'the first and the last piece',
    { firstAt: 105, firstRelayMs: 2, lastRelayMs: 1 },
    { attempts: 3, stream: 2, relay: 3 },
  ],
  ['a whole answer', { firstAt: 108, firstRelayMs: 2, lastRelayMs: 2 }, { attempts: 6, relay: 2 }],
  ['a last piece that was sent before the first one came', { firstAt: 105, lastRelayMs: 6 }, { attempts: 5, relay: 3 }],
  ['an error', { lastRelayMs: 3 }, { attempts: 5, relay: 3 }],
  ['a worker whose clock is behind', { firstAt: 105, firstRelayMs: 900, lastRelayMs: 900 }, { relay: 8 }],
])('counts the way from the worker: %s', (_what, marks, parts) => {
  const { timeline } = toTimeline({
    ...none,
    arrivedAt: 100,
    keyAt: 100,
    bodyAt: 100,
    admittedAt: 100,
    workerAt: 100,
    endedAt: 108,
    closedAt: 110,
    ...marks,
  });
  expect(timeline).toEqual({ ...nothing, ...parts, client: 2 });
});

it('ends with the departure of the client, even if the request ends later', () => {
  const { timeline, durationMs } = toTimeline({ arrivedAt: 0, ...none, keyAt: 1, endedAt: 9, closedAt: 5 });
  expect([timeline.auth, timeline.body, timeline.client, durationMs]).toEqual([1, 4, 0, 5]);
});

const time = fc.double({ min: 0, max: 1e6, noNaN: true });
const maybe = fc.option(time, { nil: undefined });
const anyMarks = fc.record({
  arrivedAt: time,
  keyAt: maybe,
  bodyAt: maybe,
  admittedAt: maybe,
  workerAt: maybe,
  firstAt: maybe,
  firstRelayMs: time,
  lastRelayMs: time,
  endedAt: time,
  closedAt: time,
});

it('has parts that add up to the whole, none of them negative', () => {
  fc.assert(
    fc.property(anyMarks, (marks) => {
      const later = { ...marks, closedAt: marks.arrivedAt + marks.closedAt };
      const { timeline, durationMs } = toTimeline(later);
      const parts = Object.values(timeline);
      expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(durationMs, 5);
    }),
  );
});
