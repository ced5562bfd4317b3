import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueueWatch } from '../../../src/inference/exchange/queue-watch.ts';
import { job } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Found = 'listed' | 'taken' | 'gone';

/** A watch whose polls have these results, one after the other; all later polls have the last one. */
function setUp(results: readonly (Found | Error)[], waitMs = 60_000) {
  const heard: string[] = [];
  const errors: unknown[] = [];
  let polls = 0;
  const watch = createQueueWatch({
    submitter: {
      find() {
        const found = results[Math.min(polls++, results.length - 1)] ?? 'listed';
        return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
      },
    },
    waitMs,
    onTimeout: () => heard.push('timeout'),
    onLost: () => heard.push('lost'),
    onError: (error) => errors.push(error),
  });
  return { watch, heard, errors, polls: () => polls };
}

describe('a queue watch', () => {
  it('polls once a second while the job is listed, until it has waited too long', async () => {
    const { watch, heard, polls } = setUp(['listed'], 4500);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(4400);
    expect([polls(), heard]).toEqual([4, []]);
    await vi.advanceTimersByTimeAsync(200);
    expect(heard).toEqual(['timeout']);
  });

  it.each<[string, readonly Found[], number]>([
    ['reports a job that is missing twice in a row', ['gone', 'taken'], 1],
    ['does not report a job that is missing once', ['gone', 'listed'], 0],
    ['does not report a job that is missing twice, but not in a row', ['gone', 'listed', 'gone', 'listed'], 0],
  ])('%s', async (_what, results, times) => {
    const { watch, heard } = setUp(results);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(results.length * 1000 + 100);
    expect(heard).toHaveLength(times);
  });

  it('continues after an error of Redis, which does not count as a miss', async () => {
    const boom = new Error('boom');
    const { watch, heard, errors } = setUp(['gone', boom, 'listed']);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(3100);
    expect([heard, errors]).toEqual([[], [boom]]);
  });

  it('starts anew with another run, and polls no more once it is stopped', async () => {
    const { watch, heard, polls } = setUp(['gone']);
    watch.start(job);
    await vi.advanceTimersByTimeAsync(1500);
    watch.start({ ...job, epoch: 2 });
    await vi.advanceTimersByTimeAsync(1500);
    expect([polls(), heard]).toEqual([2, []]);
    watch.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect([polls(), heard]).toEqual([2, []]);
  });
});
