import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueueWatch } from '../../../src/inference/exchange/queue-watch.ts';
import { job } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Place = 'listed' | 'taken' | 'gone';

/** A watch that finds the job at these places, one after the other; at the last one from then on. */
function setUp(places: readonly (Place | Error)[], waitMs = 60_000) {
  const heard: string[] = [];
  const errors: unknown[] = [];
  let looks = 0;
  const watch = createQueueWatch({
    submitter: {
      find() {
        const place = places[Math.min(looks++, places.length - 1)] ?? 'listed';
        return place instanceof Error ? Promise.reject(place) : Promise.resolve(place);
      },
    },
    waitMs,
    onTimeout: () => heard.push('timeout'),
    onLost: () => heard.push('lost'),
    onError: (error) => errors.push(error),
  });
  return { watch, heard, errors, looks: () => looks };
}

describe('a queue watch', () => {
  it('looks once a second while the job is listed, until it has waited too long', async () => {
    const { watch, heard, looks } = setUp(['listed'], 4500);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(4400);
    expect([looks(), heard]).toEqual([4, []]);
    await vi.advanceTimersByTimeAsync(200);
    expect(heard).toEqual(['timeout']);
  });

  it.each<[string, readonly Place[], number]>([
    ['missing twice in turn', ['gone', 'taken'], 1],
    ['missing once', ['gone', 'listed'], 0],
    ['missing twice, but not in turn', ['gone', 'listed', 'gone', 'listed'], 0],
  ])('tells of a job that is %s', async (_what, places, times) => {
    const { watch, heard } = setUp(places);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(places.length * 1000 + 100);
    expect(heard).toHaveLength(times);
  });

  it('goes on after an error of Redis, which says nothing of the job', async () => {
    const boom = new Error('boom');
    const { watch, heard, errors } = setUp(['gone', boom, 'listed']);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(3100);
    expect([heard, errors]).toEqual([[], [boom]]);
  });

  it('looks no more once it is stopped, and begins anew with another run', async () => {
    const { watch, heard, looks } = setUp(['gone']);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(1500);
    watch.start({ ...job, epoch: 2 });
    await vi.advanceTimersByTimeAsync(1500);
    expect([looks(), heard]).toEqual([2, []]);
    watch.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect([looks(), heard]).toEqual([2, []]);
  });
});
