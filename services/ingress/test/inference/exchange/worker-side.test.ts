import { firstRetryState } from '@sluice/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExchangeEvent } from '../../../src/inference/exchange/exchange-events.ts';
import { createWorkerSide, type WorkerCommand } from '../../../src/inference/exchange/worker-side.ts';
import { fakeMailboxes } from '../fakes.ts';
import { stateIn } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(...fleet: string[]) {
  const dropped: string[] = [];
  const mailboxes = fakeMailboxes((reason) => dropped.push(reason));
  const watched: string[] = [];
  const callbacks = new Map<string, () => void>();
  const heard: ExchangeEvent[] = [];
  const sent: (number | undefined)[] = [];
  const worker = createWorkerSide(
    {
      ...mailboxes,
      workers: {
        add(workerId, onLost) {
          watched.push(`add ${workerId}`);
          callbacks.set(workerId, onLost);
        },
        remove: (workerId) => void watched.push(`remove ${workerId}`),
        lost: () => undefined,
      },
      roster: { members: () => fleet },
      onError: (error) => mailboxes.errors.push(error),
    },
    'r',
    (event) => {
      heard.push(event);
      sent.push(worker.sentAt());
    },
  );
  const state = stateIn('queued');
  const carryOut = (...commands: WorkerCommand[]): void => {
    for (const command of commands) worker.carryOut(command, state);
  };
  carryOut({ kind: 'expect', seq: 0 });
  const lose = (workerId: string): void => callbacks.get(workerId)?.();
  return { ...mailboxes, worker, carryOut, heard, sent, watched, dropped, lose, state };
}

const error = { code: 'upstream_error', message: 'boom' };

describe("the workers' side of a request", () => {
  it.each<[Parameters<ReturnType<typeof setUp>['deliver']>[0], unknown, object]>([
    ['started', { workerId: 'w' }, { workerId: 'w' }],
    ['answered', { upstream: 'u', model: 'm', attempts: 2 }, { answered: { upstream: 'u', model: 'm', attempts: 2 } }],
    ['data', 'text', { text: 'text' }],
    ['end', { events: 2, burntTokens: 1 }, { end: { events: 2, burntTokens: 1 } }],
    [
      'error',
      { error, attempts: 2, events: 1 },
      { error: { code: 'upstream_error' }, facts: { attempts: 2, events: 1 } },
    ],
    [
      'retry',
      { delayMs: 5, state: firstRetryState, error },
      { delayMs: 5, state: firstRetryState, error: { code: 'upstream_error' } },
    ],
  ])('turns the frame `%s` into an event', (kind, payload, event) => {
    const { deliver, heard, errors } = setUp();
    deliver(kind, payload);
    expect(heard).toMatchObject([{ kind, ...event }]);
    expect(errors).toEqual([]);
  });

  it('tells when the frame was sent that is being handled, and nothing after it', () => {
    const { deliver, lose, carryOut, sent, worker } = setUp();
    carryOut({ kind: 'watch_worker', workerId: 'w' });
    deliver('data', 'text', { sentAt: 1000 });
    expect(worker.sentAt()).toBeUndefined();
    deliver('data', 'text');
    lose('w');
    expect(sent).toEqual([1000, undefined, undefined]);
  });

  it('ignores a kind that workers do not send', () => {
    const { deliver, heard } = setUp();
    deliver('pause', {});
    expect(heard).toEqual([]);
  });

  it.each([
    ['started', {}],
    ['end', { events: 'two' }],
    ['holds', {}],
  ] as const)('ends the request when the payload of `%s` does not match its kind', (kind, payload) => {
    const { deliver, heard, errors } = setUp();
    deliver(kind, payload);
    expect(heard).toEqual([{ kind: 'fail', code: 'internal_error' }]);
    expect(errors).toHaveLength(1);
  });

  it('reports a missing frame', () => {
    const { deliver, heard } = setUp();
    deliver('data', 'late', { seq: 1 });
    expect(heard).toEqual([{ kind: 'gap' }]);
  });

  it('expects the frames of the latest run, beginning with the given number', () => {
    const { worker, deliver, heard, dropped, state } = setUp();
    worker.carryOut({ kind: 'expect', seq: 1 }, { ...state, job: { ...state.job, epoch: 2 } });
    deliver('data', 'old', { epoch: 1, seq: 0 });
    deliver('data', 'new', { epoch: 2, seq: 1 });
    expect([heard, dropped]).toEqual([[{ kind: 'data', text: 'new' }], ['old_epoch']]);
  });

  it('tells a worker about the latest run', () => {
    const { carryOut, told } = setUp();
    for (const what of ['pause', 'resume', 'cancel'] as const) carryOut({ kind: 'tell', workerId: 'w', what });
    expect(told).toEqual(['w pause 1', 'w resume 1', 'w cancel 1']);
  });

  it('watches one worker at a time, and reports its loss', () => {
    const { carryOut, watched, heard, lose } = setUp();
    carryOut(
      { kind: 'watch_worker', workerId: 'v' },
      { kind: 'watch_worker', workerId: 'v' },
      { kind: 'watch_worker', workerId: 'w' },
    );
    lose('w');
    carryOut({ kind: 'watch_worker', workerId: undefined });
    expect(watched).toEqual(['add v', 'remove v', 'add w', 'remove w']);
    expect(heard).toEqual([{ kind: 'worker_lost' }]);
  });

  it('reports which worker holds the run, and how many of its frames have arrived', () => {
    const { carryOut, deliver, heard, told } = setUp('w');
    deliver('started', { workerId: 'w' });
    carryOut({ kind: 'ask', workerId: undefined });
    const holds = { workerId: 'w', isOver: false, sent: 4 };
    deliver('holds', holds, { seq: 0 });
    expect(told).toEqual(['w probe 1']);
    expect(heard.slice(1)).toMatchObject([{ kind: 'holds', holds, received: 1 }]);
  });

  it('reports that all workers have disclaimed the run', () => {
    const { carryOut, deliver, heard } = setUp('v', 'w');
    carryOut({ kind: 'ask', workerId: undefined });
    deliver('disclaims', { workerId: 'v' }, { seq: 0 });
    expect(heard).toEqual([]);
    deliver('disclaims', { workerId: 'w' }, { seq: 0 });
    expect(heard).toEqual([{ kind: 'disclaimed' }]);
  });

  it('reports the silence of a worker that was asked, unless it stops asking', async () => {
    const { carryOut, heard } = setUp('w');
    carryOut({ kind: 'ask', workerId: 'w' }, { kind: 'stop_asking' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(heard).toEqual([]);
    carryOut({ kind: 'ask', workerId: 'w' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(heard).toEqual([{ kind: 'silence' }]);
  });

  it('receives nothing more once it is closed, and watches no worker', async () => {
    const { worker, carryOut, deliver, heard, watched, dropped } = setUp('w');
    carryOut({ kind: 'watch_worker', workerId: 'w' }, { kind: 'ask', workerId: 'w' });
    worker.close();
    deliver('data', 'late');
    await vi.advanceTimersByTimeAsync(5000);
    expect([heard, dropped]).toEqual([[], ['unknown_request']]);
    expect(watched).toEqual(['add w', 'remove w']);
  });
});
