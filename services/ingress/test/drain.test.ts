import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { drain, type DrainNeeds } from '../src/drain.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Over {
  readonly graceMs?: number;
  readonly isBusy?: boolean;
  readonly noticeMs?: number;
  readonly longestAnswerMs?: number;
  /** The steps that never finish. */
  readonly stuck?: readonly string[];
  /** Set if the process has not listened yet. */
  readonly hasServer?: boolean;
}

/** Drains a replica, and lists the steps in their order, with the time at which each began. */
function setUp({
  graceMs = 10_000,
  isBusy = false,
  noticeMs = 0,
  longestAnswerMs = 60_000,
  stuck = [],
  hasServer = true,
}: Over = {}) {
  const steps: string[] = [];
  const startedAt = performance.now();
  const now = (): number => Math.round(performance.now() - startedAt);
  const note = (step: string): void => void steps.push(`${now()} ${step}`);
  function finish(step: string): Promise<void> {
    note(step);
    return stuck.includes(step) ? new Promise(() => undefined) : Promise.resolve();
  }
  let servesUntil: number | undefined;
  const needs: DrainNeeds = {
    records: { close: () => Promise.resolve() },
    links: {
      exchanges: {
        failAll: (code) => note(`fail requests: ${code}`),
        allEnded: () => finish('await requests'),
      },
      admission: { close: (withinMs) => finish(`close admission within ${withinMs}`) },
      fleet: {
        writer: { flushed: () => finish('flush frames') },
        close: () => finish('leave fleet'),
        disconnect: () => note('disconnect'),
      },
      roster: { close: () => finish('close roster') },
      submitter: { close: () => finish('close queue') },
      attempts: undefined,
    },
    server: hasServer
      ? {
          isBusy: () => isBusy,
          idle: () => finish('await answers'),
          endWithAnswers: () => note('end connections with answers'),
          stopListening: () => note('stop listening'),
          close: () => note('close server'),
        }
      : undefined,
    management: hasServer ? { close: () => note('close management') } : undefined,
    graceMs,
    noticeMs,
    longestAnswerMs,
    onServesUntil: (at) => (servesUntil = at),
    now,
  };
  const drained = drain(needs);
  return { drained, steps, servesUntil: () => servesUntil };
}

describe('a drain', () => {
  it('ends everything in order: clients, requests, leases, frames, the fleet', async () => {
    const { drained, steps } = setUp();
    await drained;
    expect(steps.map((step) => step.replace('0 ', ''))).toEqual([
      'end connections with answers',
      'stop listening',
      'await answers',
      'fail requests: draining',
      'await requests',
      'close admission within 3000',
      'flush frames',
      'await answers',
      'close server',
      'close management',
      'leave fleet',
      'close roster',
      'close queue',
      'disconnect',
    ]);
  });

  it('fails the requests that still run after the grace, and not before', async () => {
    const { drained, steps } = setUp({ graceMs: 8000, stuck: ['await answers'] });
    await vi.advanceTimersByTimeAsync(7999);
    expect(steps.at(-1)).toBe('0 await answers');
    await vi.advanceTimersByTimeAsync(5000);
    await drained;
    expect(steps).toContain('8000 fail requests: draining');
    expect(steps.at(-1)).toBe('11000 disconnect');
  });

  it.each(['await requests', 'flush frames', 'leave fleet', 'close roster', 'close queue'])(
    'gives each later step 3 s, also one that never finishes: %s',
    async (step) => {
      const { drained, steps } = setUp({ stuck: [step] });
      await vi.advanceTimersByTimeAsync(3000);
      await drained;
      expect(steps.at(-1)).toBe('3000 disconnect');
    },
  );

  it.each([
    ['serves new requests on kept connections while the rest of the grace covers the longest answer', 4000, 6000],
    ['serves none if the longest answer takes longer than the grace', 60_000, -50_000],
  ])('%s', async (_what, longestAnswerMs, until) => {
    const { drained, servesUntil } = setUp({ longestAnswerMs });
    await drained;
    expect(servesUntil()).toBe(until);
  });

  it.each([
    ['listens on until its load balancer has noticed', 10_000, 2000, 2000],
    ['listens on for half of a short grace', 1000, 2000, 500],
  ])('of a replica in use %s', async (_what, graceMs, noticeMs, until) => {
    const { drained, steps } = setUp({ isBusy: true, graceMs, noticeMs });
    await vi.advanceTimersByTimeAsync(until - 1);
    expect(steps).toEqual(['0 end connections with answers']);
    await vi.advanceTimersByTimeAsync(1);
    await drained;
    expect(steps[1]).toBe(`${until} stop listening`);
  });

  it('closes the connections to Redis of a process that has not listened yet', async () => {
    const { drained, steps } = setUp({ hasServer: false });
    await drained;
    expect(steps).not.toContain('0 close server');
    expect(steps.at(-1)).toBe('0 disconnect');
  });
});
