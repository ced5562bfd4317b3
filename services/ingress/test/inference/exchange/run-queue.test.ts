import { GatewayError } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExchangeEvent } from '../../../src/inference/exchange/exchange-events.ts';
import { createRunQueue } from '../../../src/inference/exchange/run-queue.ts';
import { fakeQueue, type QueueAnswers } from '../fakes.ts';
import { job, stateIn } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const away = new Error('Command timed out');
const body = Buffer.from('{}');
const delivered = { id: 'c', created: 1, content: 'one', reasoning: '', chunks: 1 };
const queued = stateIn('queued', { isSubmitted: false });

function setUp(answers: QueueAnswers = {}) {
  const submitted: Parameters<Submitter['submit']>[0][] = [];
  const takenBack: number[] = [];
  const { submitter, ...queue } = fakeQueue({
    ...answers,
    submit(submission) {
      submitted.push(submission);
      return answers.submit?.(submission) ?? Promise.resolve('queued');
    },
    takeBack(run) {
      takenBack.push(run.epoch);
      return answers.takeBack?.(run) ?? Promise.resolve({ kind: 'taken_back' });
    },
  });
  const heard: ExchangeEvent[] = [];
  const errors: unknown[] = [];
  const runQueue = createRunQueue({
    submitter,
    request: { body, deadlineAt: 5000, maxQueueWaitMs: 1500 },
    keepMs: 60_000,
    on: (event) => heard.push(event),
    onError: (error) => errors.push(error),
  });
  return { ...queue, runQueue, submitted, takenBack, heard, errors };
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('the queue of a request', () => {
  it('stores the first run with its body, its deadline and the time for which it is kept', async () => {
    const { runQueue, submitted, heard, errors } = setUp();
    await vi.advanceTimersByTimeAsync(10_000);
    runQueue.carryOut({ kind: 'store', isReplacement: false }, queued);
    await expect(runQueue.submitted).resolves.toBeUndefined();
    expect(submitted).toEqual([{ job, body, deadlineAt: 5000, ttlMs: 50_000, delivered: undefined }]);
    expect(heard).toEqual([{ kind: 'stored', found: 'queued', epoch: 1 }]);
    expect(errors).toEqual([]);
  });

  it('keeps a run for 1 ms at least, however late it is stored', async () => {
    const { runQueue, submitted } = setUp();
    await vi.advanceTimersByTimeAsync(70_000);
    runQueue.carryOut({ kind: 'store', isReplacement: true }, queued);
    expect(submitted[0]?.ttlMs).toBe(1);
  });

  it('stores the delivered part with a run that resumes it', async () => {
    const { runQueue, submitted, resumed } = setUp();
    runQueue.carryOut({ kind: 'store', isReplacement: false }, { ...queued, delivered });
    runQueue.carryOut({ kind: 'resubmit', isReplacement: false }, { ...queued, delivered });
    expect([submitted[0]?.delivered, resumed]).toEqual([delivered, [delivered]]);
  });

  it.each([
    ['Redis is away', away, 'redis_unavailable', 1000],
    ['of a fault', new Error('boom'), 'internal_error', undefined],
  ])('rejects when the first run is not stored because %s', async (_why, cause, code, retryAfterMs) => {
    const { runQueue, heard, errors } = setUp({ submit: () => Promise.reject(cause) });
    runQueue.carryOut({ kind: 'store', isReplacement: false }, queued);
    await expect(runQueue.submitted).rejects.toMatchObject({ code, retryAfterMs, cause });
    expect(heard).toEqual([{ kind: 'not_queued', error: expect.any(GatewayError) as unknown, isReplacement: false }]);
    // The caller of `submit` gets the error.
    expect(errors).toEqual([]);
  });

  it('logs an error of a later store, which has no caller', async () => {
    const { runQueue, heard, errors } = setUp({ submit: () => Promise.reject(away) });
    runQueue.carryOut({ kind: 'store', isReplacement: true }, stateIn('queued'));
    await settled();
    expect(heard).toMatchObject([{ kind: 'not_queued', error: { code: 'redis_unavailable' }, isReplacement: true }]);
    expect(errors).toEqual([away]);
  });

  it.each(['queued', 'gone', 'unknown'] as const)('reports that a later run is %s', async (found) => {
    const { runQueue, heard } = setUp({ resubmit: () => Promise.resolve(found) });
    runQueue.carryOut({ kind: 'resubmit', isReplacement: true }, stateIn('queued'));
    await settled();
    expect(heard).toEqual([{ kind: 'resubmitted', found, epoch: 1, isReplacement: true }]);
  });

  it.each([true, false])('logs an error of a later run, and reports it: replacement %s', async (isReplacement) => {
    const { runQueue, heard, errors } = setUp({ resubmit: () => Promise.reject(away) });
    runQueue.carryOut({ kind: 'resubmit', isReplacement }, stateIn('queued'));
    await settled();
    expect(heard).toMatchObject([{ kind: 'not_queued', error: { retryAfterMs: 1000 }, isReplacement }]);
    expect(errors).toEqual([away]);
  });

  it('takes a run back by claiming the next epoch', async () => {
    const { runQueue, heard, takenBack } = setUp();
    runQueue.carryOut({ kind: 'take_back' }, stateIn('queued'));
    await settled();
    expect(takenBack).toEqual([2]);
    expect(heard).toEqual([{ kind: 'taken_back', found: { kind: 'taken_back' }, epoch: 1 }]);
  });

  it('reports whether a worker had claimed a withdrawn run', async () => {
    const { runQueue, heard, withdrawn } = setUp({ withdraw: () => Promise.resolve(true) });
    runQueue.carryOut({ kind: 'withdraw' }, stateIn('cancelling'));
    await settled();
    expect([withdrawn, heard]).toEqual([[1], [{ kind: 'withdrawn', isClaimed: true }]]);
  });

  it.each(['take_back', 'withdraw'] as const)('reports no event for a failed %s, and logs the error', async (kind) => {
    const failing = () => Promise.reject(away);
    const { runQueue, heard, errors } = setUp({ takeBack: failing, withdraw: failing });
    runQueue.carryOut({ kind }, stateIn('queued'));
    await settled();
    expect([heard, errors]).toEqual([[], [away]]);
  });

  it('ends a request whose run waits too long', async () => {
    const { runQueue, heard } = setUp();
    runQueue.carryOut({ kind: 'watch_queue' }, queued);
    await vi.advanceTimersByTimeAsync(1499);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);
    expect(heard).toEqual([{ kind: 'fail', code: 'queue_timeout' }]);
  });

  it.each<[string, (queue: ReturnType<typeof createRunQueue>) => void]>([
    ['it is told to', (queue) => queue.carryOut({ kind: 'leave_queue' }, queued)],
    ['the request is over', (queue) => queue.close(queued, false)],
  ])('is no longer watched once %s', async (_when, stop) => {
    const { runQueue, heard, withdrawn } = setUp();
    runQueue.carryOut({ kind: 'watch_queue' }, queued);
    stop(runQueue);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([heard, withdrawn]).toEqual([[], []]);
  });

  it('withdraws a run that is still queued at the end of its request', async () => {
    const { runQueue, heard, withdrawn, errors } = setUp({ withdraw: () => Promise.reject(away) });
    runQueue.close(queued, true);
    await settled();
    expect([withdrawn, heard, errors]).toEqual([[1], [], [away]]);
  });
});
