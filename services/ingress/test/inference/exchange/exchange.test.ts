import type { Failed, GatewayError, RetryState } from '@sluice/protocol';
import { firstRetryState } from '@sluice/protocol';
import type { TakeBack } from '@sluice/queue';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createExchange, type ExchangeListener } from '../../../src/inference/exchange/exchange.ts';
import { fakeMailboxes, fakeQueue, type QueueAnswers } from '../fakes.ts';
import { job } from './events.ts';

interface Over {
  readonly isClaimed?: boolean;
  readonly found?: 'listed' | 'taken' | 'gone';
  readonly takeBack?: TakeBack;
  readonly resubmit?: QueueAnswers['resubmit'];
  readonly submit?: QueueAnswers['submit'];
  /** Workers of the fleet. */
  readonly fleet?: readonly string[];
  readonly onEnd?: () => void;
  readonly onError?: () => void;
}

function queueOf({ isClaimed = false, found = 'listed', takeBack = { kind: 'taken_back' }, submit, resubmit }: Over) {
  return fakeQueue({
    ...(submit === undefined ? {} : { submit }),
    ...(resubmit === undefined ? {} : { resubmit }),
    find: () => Promise.resolve(found),
    takeBack: () => Promise.resolve(takeBack),
    withdraw: () => Promise.resolve(isClaimed),
  });
}

function setUp(over: Over = {}) {
  const heard: string[] = [];
  let lastError: GatewayError | undefined;
  const queue = queueOf(over);
  const mailboxes = fakeMailboxes((reason) => heard.push(`dropped ${reason}`));
  const listener: ExchangeListener = {
    onStarted: (id) => heard.push(`started ${id}`),
    onAnswered: ({ upstream }) => heard.push(`answered ${upstream}`),
    onData: (text) => heard.push(`data ${text}`),
    onEnd({ events }) {
      over.onEnd?.();
      heard.push(`end ${events}`);
    },
    onError(error, { attempts }) {
      over.onError?.();
      lastError = error;
      heard.push(`error ${error.code} ${attempts}`);
    },
    onRerun: (reason, isResumed) => heard.push(`${isResumed ? 'resume' : 'rerun'} ${reason}`),
  };
  const exchange = createExchange(
    {
      ...queue,
      ...mailboxes,
      accountLost: () => 0,
      roster: { members: () => over.fleet ?? [] },
      onError: (error) => mailboxes.errors.push(error),
    },
    { job, body: Buffer.from('{}'), deadlineAt: 0, remainingMs: 60_000, maxQueueWaitMs: 5000 },
    listener,
  );
  let isEnded = false;
  void exchange.ended.then(() => (isEnded = true));
  return {
    ...queue,
    ...mailboxes,
    controls: mailboxes.told,
    exchange,
    heard,
    lastError: () => lastError,
    async isEnded() {
      await vi.advanceTimersByTimeAsync(0);
      return isEnded;
    },
    async running() {
      await exchange.submit();
      mailboxes.deliver('started', { workerId: 'w' });
    },
  };
}

const retry = (state: Partial<RetryState> = {}, delayMs = 100) => ({
  delayMs,
  state: { ...firstRetryState, attempts: 1, ...state },
  error: { code: 'upstream_error', message: 'boom' },
});
const failed = (over: Partial<Failed> = {}): Failed => ({
  error: { code: 'upstream_error', message: 'boom' },
  attempts: 5,
  events: 0,
  ...over,
});

const chunk = (delta: object, finishReason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;

describe('an exchange', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('receives an answer from start to end, and leaves its record to the worker', async () => {
    const { running, deliver, heard, isEnded, withdrawn } = setUp();
    await running();
    deliver('answered', { upstream: 'u', model: 'm', attempts: 1 });
    deliver('data', 'a');
    deliver('data', 'b');
    expect(await isEnded()).toBe(false);
    deliver('end', { events: 2, burntTokens: 0 });
    expect(heard).toEqual(['started w', 'answered u', 'data a', 'data b', 'end 2']);
    expect([await isEnded(), withdrawn]).toEqual([true, []]);
  });

  it('runs again one epoch later when the worker hands it back, and drops frames of the old run', async () => {
    const { running, deliver, nextRun, heard, jobs } = setUp();
    await running();
    deliver('retry', retry({ waits: 1 }, 250));
    vi.advanceTimersByTime(249);
    expect(jobs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(jobs[1]).toMatchObject({ epoch: 2, state: { attempts: 1, waits: 1 } });
    deliver('data', 'late', { epoch: 1 });
    nextRun();
    deliver('started', { workerId: 'w2' }, { epoch: 2 });
    deliver('data', 'a', { epoch: 2 });
    deliver('end', { events: 1, burntTokens: 0 }, { epoch: 2 });
    expect(heard).toEqual(['started w', 'rerun upstream_error', 'dropped old_epoch', 'started w2', 'data a', 'end 1']);
  });

  it('is stored again when its record is gone before the next run', async () => {
    const { running, deliver, jobs, bodies } = setUp({ resubmit: () => Promise.resolve('gone') });
    await running();
    deliver('retry', retry());
    await vi.advanceTimersByTimeAsync(100);
    expect([jobs.at(-1)?.epoch, bodies]).toEqual([2, ['{}', '{}']]);
  });

  it('is queued again only when Redis has lost it and all workers disclaim it', async () => {
    const { exchange, deliver, nextRun, heard, controls, jobs } = setUp({
      takeBack: { kind: 'unknown' },
      resubmit: () => Promise.resolve('gone'),
      fleet: ['w', 'w2'],
    });
    await exchange.submit();
    exchange.requeue();
    await vi.advanceTimersByTimeAsync(0);
    expect(controls).toEqual(['w probe 1', 'w2 probe 1']);
    deliver('disclaims', { workerId: 'w' }, { seq: 0 });
    await vi.advanceTimersByTimeAsync(2900);
    expect(jobs).toHaveLength(1);
    deliver('disclaims', { workerId: 'w2' }, { seq: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(jobs.at(-1)).toMatchObject({ epoch: 2, state: { attempts: 0 } });
    deliver('started', { workerId: 'w' }, { epoch: 1 });
    nextRun();
    deliver('started', { workerId: 'w' }, { epoch: 2 });
    expect(heard).toEqual(['dropped old_epoch', 'started w']);
  });

  it('asks the workers when its job may have been queued on another server', async () => {
    const { exchange, deliver, controls, jobs } = setUp({ submit: () => Promise.resolve('unknown'), fleet: ['w'] });
    await exchange.submit();
    expect(controls).toEqual(['w probe 1']);
    deliver('disclaims', { workerId: 'w' }, { seq: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(jobs.at(-1)).toMatchObject({ epoch: 2, state: { attempts: 0 } });
  });

  it('counts the lost run as an attempt when a worker does not answer', async () => {
    const { exchange, jobs, heard } = setUp({ takeBack: { kind: 'unknown' }, fleet: ['w'] });
    await exchange.submit();
    exchange.requeue();
    await vi.advanceTimersByTimeAsync(3001);
    expect(jobs.at(-1)).toMatchObject({ epoch: 2, state: { attempts: 1 } });
    expect(heard).toEqual(['rerun worker_lost']);
  });

  it('receives the remaining frames of a run when only the first is lost', async () => {
    const { exchange, deliver, heard, jobs } = setUp({ takeBack: { kind: 'unknown' }, fleet: ['w'] });
    await exchange.submit();
    exchange.requeue();
    await vi.advanceTimersByTimeAsync(0);
    deliver('holds', { workerId: 'w', isOver: false, sent: 1 }, { seq: 0 });
    deliver('data', 'a', { seq: 1 });
    deliver('end', { events: 1, burntTokens: 0 }, { seq: 2 });
    await vi.advanceTimersByTimeAsync(5000);
    expect([heard, jobs.length]).toEqual([['started w', 'data a', 'end 1'], 1]);
  });

  it.each([
    ['still running', false, ['w probe 1', 'w cancel 1']],
    ['over', true, ['w probe 1', 'w cancel 1']],
  ])('counts a run with lost frames as an attempt when it is %s', async (_, isOver, told) => {
    const { exchange, deliver, heard, controls, jobs } = setUp({ takeBack: { kind: 'unknown' }, fleet: ['w'] });
    await exchange.submit();
    exchange.requeue();
    await vi.advanceTimersByTimeAsync(0);
    deliver('holds', { workerId: 'w', isOver, sent: 3 }, { seq: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(jobs.at(-1)).toMatchObject({ epoch: 2, state: { attempts: 1 } });
    expect([heard, controls]).toEqual([['rerun relay_gap'], told]);
  });

  it('detects that the end of its answer was lost with the data of Redis', async () => {
    const { running, exchange, deliver, controls, heard } = setUp();
    await running();
    deliver('data', chunk({ content: 'Hello' }));
    exchange.requeue();
    expect(controls).toEqual(['w probe 1']);
    deliver('holds', { workerId: 'w', isOver: true, sent: 3 }, { seq: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(heard.at(-1)).toBe('resume relay_gap');
  });

  it('continues when nothing of its answer was lost', async () => {
    const { running, exchange, deliver, controls, heard } = setUp();
    await running();
    deliver('data', 'a');
    exchange.requeue();
    deliver('holds', { workerId: 'w', isOver: false, sent: 2 }, { seq: 0 });
    deliver('data', 'b');
    await vi.advanceTimersByTimeAsync(5000);
    expect([heard, controls]).toEqual([['started w', 'data a', 'data b'], ['w probe 1']]);
  });

  it.each(['taken', 'gone'] as const)('is queued again when its job is %s and no worker begins', async (found) => {
    const { exchange, jobs } = setUp({ found });
    await exchange.submit();
    await vi.advanceTimersByTimeAsync(1500);
    expect(jobs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(jobs.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it('is left to the worker that has claimed it, and queued again when that worker is lost', async () => {
    const { exchange, jobs, workers, heard } = setUp({
      found: 'taken',
      takeBack: { kind: 'claimed', workerId: 'w' },
    });
    await exchange.submit();
    await vi.advanceTimersByTimeAsync(4500);
    expect(jobs).toHaveLength(1);
    workers.lost('w');
    await vi.advanceTimersByTimeAsync(0);
    expect(jobs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(heard).toEqual(['rerun worker_lost']);
  });

  it('is not queued again while it waits in the list', async () => {
    const { exchange, jobs, heard } = setUp();
    await exchange.submit();
    await vi.advanceTimersByTimeAsync(4900);
    expect([jobs.length, heard]).toEqual([1, []]);
    await vi.advanceTimersByTimeAsync(200);
    expect(heard).toEqual(['error queue_timeout 0']);
  });

  it('is not queued again when its client has left meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<'gone'>();
    const { exchange, bodies } = setUp({ resubmit: () => promise });
    await exchange.submit();
    exchange.requeue();
    exchange.cancel();
    resolve('gone');
    await vi.advanceTimersByTimeAsync(0);
    expect(bodies).toHaveLength(1);
  });

  it('runs again once when its worker is lost before the first event', async () => {
    const { running, deliver, nextRun, heard, jobs, workers } = setUp();
    await running();
    workers.lost('w');
    await vi.advanceTimersByTimeAsync(0);
    expect(jobs[1]).toMatchObject({ epoch: 2, state: { attempts: 1 } });
    nextRun();
    deliver('started', { workerId: 'w2' }, { epoch: 2 });
    workers.lost('w2');
    expect(heard).toEqual(['started w', 'rerun worker_lost', 'started w2', 'error worker_lost 0']);
  });

  it('tells the next run the number of extensions so far', async () => {
    const { exchange, deliver, workers, resumed } = setUp();
    await exchange.submit();
    deliver('started', { workerId: 'w' });
    deliver('answered', { upstream: 'u', model: 'm', attempts: 1 });
    deliver('data', chunk({ content: 'One ' }));
    deliver('answered', { upstream: 'u', model: 'm', attempts: 3, continuations: 2 });
    deliver('data', chunk({ content: 'two' }));
    workers.lost('w');
    await vi.advanceTimersByTimeAsync(0);
    expect(resumed).toMatchObject([{ content: 'One two', continuations: 2 }]);
  });

  it('resumes the delivered part when its worker is lost in the middle of the answer', async () => {
    const { running, deliver, nextRun, heard, jobs, resumed, workers } = setUp();
    await running();
    deliver('data', chunk({ content: 'Hello' }));
    workers.lost('w');
    await vi.advanceTimersByTimeAsync(0);
    expect(jobs[1]).toMatchObject({ epoch: 2, state: { attempts: 1, burntTokens: 1 } });
    expect(resumed).toMatchObject([{ id: 'c', content: 'Hello' }]);
    nextRun();
    deliver('started', { workerId: 'w2' }, { epoch: 2 });
    deliver('data', chunk({ content: ' you' }), { epoch: 2 });
    deliver('retry', retry({ attempts: 2 }, 0), { epoch: 2 });
    await vi.advanceTimersByTimeAsync(0);
    expect(resumed[1]).toMatchObject({ content: 'Hello you' });
    expect(heard.filter((text) => text.startsWith('resume'))).toEqual(['resume worker_lost', 'resume upstream_error']);
  });

  it('is complete when its worker is lost after the finish reason', async () => {
    const { running, deliver, heard, workers, isEnded } = setUp();
    await running();
    deliver('data', chunk({ content: 'Hello' }) + chunk({}, 'stop'));
    workers.lost('w');
    expect(heard.at(-1)).toBe('end 1');
    expect(await isEnded()).toBe(true);
  });

  it('reports the length of an answer that cannot be resumed', async () => {
    const { running, deliver, heard, lastError, isEnded } = setUp();
    await running();
    deliver('data', chunk({ content: 'Hello' }) + chunk({ tool_calls: [{ index: 0 }] }));
    deliver('retry', retry());
    expect(heard.at(-1)).toBe('error upstream_error 1');
    expect(lastError()?.message).toBe('boom. The answer broke off after 5 characters.');
    expect(await isEnded()).toBe(true);
  });

  it('reports a failure with its attempts and events', async () => {
    const { running, deliver, heard, exchange, lastError } = setUp();
    await running();
    deliver('error', failed({ events: 3, error: { code: 'upstream_rate_limited', message: 'slow', retryAfterMs: 7 } }));
    expect(heard.at(-1)).toBe('error upstream_rate_limited 5');
    expect(lastError()?.retryAfterMs).toBe(7);
    expect(await exchange.ended).toMatchObject({ attempts: 5, events: 3 });
  });

  it('cancels the run, and is over when the worker confirms', async () => {
    const { running, deliver, exchange, heard, controls, isEnded } = setUp();
    await running();
    deliver('data', 'a');
    exchange.cancel();
    expect(controls).toEqual(['w cancel 1']);
    deliver('data', 'b');
    expect(await isEnded()).toBe(false);
    deliver('error', failed({ error: { code: 'request_cancelled', message: '' }, attempts: 1, events: 2 }));
    expect(await exchange.ended).toMatchObject({ events: 2 });
    expect(heard).toEqual(['started w', 'data a']);
  });

  it('waits at most 2 s for the confirmation of a worker', async () => {
    const { running, exchange, isEnded } = setUp();
    await running();
    exchange.cancel();
    await vi.advanceTimersByTimeAsync(2000);
    expect(await isEnded()).toBe(true);
    // The run may have made an attempt, so the prompt is charged.
    expect(await exchange.ended).toEqual({ attempts: 1, events: 0, isEstimated: true });
  });

  it('reports no attempt for a request that is withdrawn from the queue', async () => {
    const { exchange } = setUp();
    await exchange.submit();
    exchange.cancel();
    expect(await exchange.ended).toMatchObject({ attempts: 0, events: 0 });
  });

  it('reports the attempts when it is cancelled between two runs', async () => {
    const { running, deliver, exchange } = setUp();
    await running();
    deliver('retry', retry({ attempts: 2 }, 1000));
    exchange.cancel();
    expect(await exchange.ended).toMatchObject({ attempts: 2, events: 0 });
  });

  it('withdraws a job that no worker has begun', async () => {
    const { exchange, controls, withdrawn, isEnded } = setUp();
    await exchange.submit();
    exchange.cancel();
    expect([await isEnded(), withdrawn, controls]).toEqual([true, [1, 1], []]);
  });

  it('cancels a run that was claimed a moment before, as soon as its worker reports', async () => {
    const { exchange, deliver, controls, isEnded, heard } = setUp({ isClaimed: true });
    await exchange.submit();
    exchange.cancel();
    expect(await isEnded()).toBe(false);
    deliver('started', { workerId: 'w' });
    expect(controls).toEqual(['w cancel 1']);
    deliver('error', failed());
    expect([await isEnded(), heard]).toEqual([true, []]);
  });

  it('does not run again when it is cancelled while it waits', async () => {
    const { running, deliver, exchange, jobs, isEnded } = setUp();
    await running();
    deliver('retry', retry({}, 5000));
    exchange.cancel();
    expect(await isEnded()).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(jobs).toHaveLength(1);
  });

  it('gives up when no worker takes it in time', async () => {
    const { exchange, heard, isEnded } = setUp();
    await exchange.submit();
    await vi.advanceTimersByTimeAsync(5000);
    expect(heard).toEqual(['error queue_timeout 0']);
    expect(await isEnded()).toBe(true);
  });

  it('steps in when the worker lets the deadline pass', async () => {
    const { running, heard, controls } = setUp();
    await running();
    await vi.advanceTimersByTimeAsync(62_000);
    expect(heard.at(-1)).toBe('error upstream_timeout 0');
    expect(controls).toEqual(['w cancel 1']);
  });

  it('replaces a run with missing frames by another one, once', async () => {
    const { running, deliver, nextRun, heard, controls, resumed } = setUp();
    await running();
    deliver('data', chunk({ content: 'Hello' }));
    deliver('data', chunk({ content: ' two' }), { seq: 3 });
    await vi.advanceTimersByTimeAsync(0);
    expect(controls).toEqual(['w cancel 1']);
    expect(resumed).toMatchObject([{ content: 'Hello' }]);
    nextRun();
    deliver('started', { workerId: 'w2' }, { epoch: 2 });
    deliver('data', chunk({ content: ' three' }), { epoch: 2, seq: 7 });
    expect(heard.slice(-3)).toEqual(['resume relay_gap', 'started w2', 'error relay_gap 0']);
    expect(controls).toEqual(['w cancel 1', 'w2 cancel 2']);
  });

  it('ends with an error when a frame is invalid', async () => {
    const { running, deliver, heard, errors } = setUp();
    await running();
    deliver('end', { events: 'many' });
    expect(heard.at(-1)).toBe('error internal_error 0');
    expect(errors).toHaveLength(1);
  });

  it('reports an internal error when its listener throws at the end, and is over', async () => {
    const { running, deliver, heard, errors, isEnded } = setUp({
      onEnd() {
        throw new RangeError('Maximum call stack size exceeded');
      },
    });
    await running();
    deliver('end', { events: 1, burntTokens: 0 });
    expect([heard.at(-1), errors.length, await isEnded()]).toEqual(['error internal_error 0', 1, true]);
  });

  it('cancels its run even when its listener throws at the error', async () => {
    const { running, exchange, controls, errors } = setUp({
      onError() {
        throw new Error('boom');
      },
    });
    await running();
    exchange.fail('draining');
    expect([controls, errors]).toEqual([['w cancel 1'], [new Error('boom')]]);
  });

  it('holds the run while the client reads too slowly', async () => {
    const { running, exchange, controls } = setUp();
    await running();
    exchange.pause();
    exchange.resume();
    expect(controls).toEqual(['w pause 1', 'w resume 1']);
  });

  it('holds the next run as well while the client reads too slowly', async () => {
    const { running, exchange, deliver, nextRun, controls, workers } = setUp();
    await running();
    exchange.pause();
    workers.lost('w');
    await vi.advanceTimersByTimeAsync(0);
    nextRun();
    deliver('started', { workerId: 'w2' }, { epoch: 2 });
    exchange.resume();
    expect(controls).toEqual(['w pause 1', 'w2 pause 2', 'w2 resume 2']);
  });

  it('rejects when it cannot be queued', async () => {
    const { exchange, heard, isEnded } = setUp({ submit: () => Promise.reject(new Error('Command timed out')) });
    await expect(exchange.submit()).rejects.toMatchObject({ code: 'redis_unavailable', retryAfterMs: 1000 });
    expect([await isEnded(), heard]).toEqual([true, []]);
  });
});
