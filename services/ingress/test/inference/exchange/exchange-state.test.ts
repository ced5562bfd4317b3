import { GatewayError } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExchangeEvent, ExchangeState } from '../../../src/inference/exchange/exchange-events.ts';
import { firstState, step } from '../../../src/inference/exchange/exchange-state.ts';
import { architecturePage } from './diagram.ts';
import { error, events, holds, job, lostEnding, stateIn } from './events.ts';

/** Returns the result of an event as a text: the phase, the epoch, and the commands. */
function resultOf(state: ExchangeState, event: ExchangeEvent): string {
  const { state: after, commands } = step(state, event);
  const done = commands.map((command) => (command.kind === 'tell' ? `tell ${command.what}` : command.kind));
  return [`${after.phase} ${after.job.epoch}`, ...done].join(', ');
}

describe('the state of an exchange', () => {
  it.each<[string, ExchangeState, ExchangeEvent, string]>([
    ['is submitted', stateIn('new'), { kind: 'submit' }, 'queued 1, expect, watch_queue, store'],
    [
      'is begun',
      stateIn('queued'),
      { kind: 'started', workerId: 'w' },
      'running 1, watch_worker, stop_asking, leave_queue, tell_started',
    ],
    [
      'is begun by a worker that is held at once',
      stateIn('queued', { isPaused: true }),
      { kind: 'started', workerId: 'w' },
      'running 1, watch_worker, stop_asking, leave_queue, tell pause, tell_started',
    ],
    [
      'is begun after its client has left',
      stateIn('cancelling'),
      { kind: 'started', workerId: 'w' },
      'cancelling 1, watch_worker, stop_asking, tell cancel',
    ],
    [
      'may have been queued on another server',
      stateIn('queued'),
      { kind: 'stored', found: 'unknown', epoch: 1 },
      'queued 1, ask',
    ],
    ['is taken back when its job is missing', stateIn('queued'), { kind: 'not_found' }, 'queued 1, take_back'],
    [
      'is not taken back while workers are asked',
      stateIn('queued', { isAsking: true }),
      { kind: 'not_found' },
      'queued 1',
    ],
    [
      'is not taken back when its worker is known',
      stateIn('queued', { workerId: 'w' }),
      { kind: 'not_found' },
      'queued 1',
    ],
    [
      'is unknown to Redis, so that workers are asked',
      stateIn('queued'),
      { kind: 'taken_back', found: { kind: 'unknown' }, epoch: 1 },
      'queued 1, ask',
    ],
    [
      'was claimed',
      stateIn('queued'),
      { kind: 'taken_back', found: { kind: 'claimed', workerId: 'w' }, epoch: 1 },
      'queued 1, watch_worker, ask',
    ],
    [
      'was taken back',
      stateIn('queued'),
      { kind: 'taken_back', found: { kind: 'taken_back' }, epoch: 1 },
      'queued 2, watch_worker, expect, watch_queue, resubmit',
    ],
    [
      'was begun while it was taken back',
      stateIn('running'),
      { kind: 'taken_back', found: { kind: 'taken_back' }, epoch: 1 },
      'running 1',
    ],
    [
      'was replaced while it was taken back',
      stateIn('queued', { job: { ...job, epoch: 2 } }),
      { kind: 'taken_back', found: { kind: 'taken_back' }, epoch: 1 },
      'queued 2',
    ],
    [
      'is disclaimed by all workers',
      stateIn('queued', { isAsking: true }),
      { kind: 'disclaimed' },
      'queued 2, watch_worker, expect, watch_queue, resubmit',
    ],
    [
      'is lost when workers do not answer',
      stateIn('queued', { isAsking: true }),
      { kind: 'silence' },
      'queued 1, decide_rerun',
    ],
    [
      'is lost a second time',
      stateIn('queued', { isAsking: true, hasLostRun: true }),
      { kind: 'silence' },
      'over 1, finish, tell_error',
    ],
    [
      'runs, and its first frame is lost',
      stateIn('queued', { isAsking: true }),
      { kind: 'holds', holds, received: 0 },
      'running 1, expect, watch_worker, stop_asking, leave_queue, tell_started',
    ],
    [
      'runs, and nothing is lost',
      stateIn('running', { isAsking: true }),
      { kind: 'holds', holds, received: 1 },
      'running 1, watch_worker, stop_asking',
    ],
    [
      'runs, and frames are lost',
      stateIn('running'),
      { kind: 'holds', holds: { ...holds, sent: 3 }, received: 1 },
      'running 1, watch_worker, stop_asking, tell cancel, decide_rerun',
    ],
    [
      'has run, and frames are lost',
      stateIn('queued'),
      { kind: 'holds', holds: { ...holds, isOver: true }, received: 0 },
      'queued 1, watch_worker, stop_asking, tell cancel, decide_rerun',
    ],
    ['has a gap', stateIn('running'), { kind: 'gap' }, 'running 1, tell cancel, decide_rerun'],
    [
      'is to run again',
      stateIn('running'),
      { kind: 'rerun_decided', decision: { kind: 'rerun', delivered: undefined }, chunks: 0, ending: lostEnding },
      'between-runs 2, watch_worker, leave_queue, stop_asking, expect, start_timer',
    ],
    [
      'is complete, and only its end is lost',
      stateIn('running'),
      { kind: 'rerun_decided', decision: { kind: 'complete', finishReason: 'stop' }, chunks: 1, ending: lostEnding },
      'over 1, finish, tell_end',
    ],
    [
      'is queued when the wait before its next run is over',
      stateIn('between-runs'),
      { kind: 'rerun_due', reason: 'worker_lost' },
      'queued 1, tell_rerun, watch_queue, resubmit',
    ],
    [
      'is stored again when Redis has lost its record',
      stateIn('queued'),
      { kind: 'resubmitted', found: 'gone', epoch: 1, isReplacement: false },
      'queued 1, store',
    ],
    [
      'cannot be queued',
      stateIn('queued'),
      { kind: 'not_queued', error, isReplacement: false },
      'over 1, finish, tell_error',
    ],
    [
      'cannot be queued, which submit reports',
      stateIn('queued', { isSubmitted: false }),
      { kind: 'not_queued', error, isReplacement: false },
      'over 1, finish',
    ],
    ['cannot be replaced for now', stateIn('queued'), { kind: 'not_queued', error, isReplacement: true }, 'queued 1'],
    [
      'is cancelled in the queue',
      stateIn('queued'),
      { kind: 'cancel' },
      'cancelling 1, leave_queue, stop_asking, start_timer, withdraw',
    ],
    [
      'is cancelled while it runs',
      stateIn('running'),
      { kind: 'cancel' },
      'cancelling 1, leave_queue, stop_asking, start_timer, tell cancel',
    ],
    ['is cancelled between runs', stateIn('between-runs'), { kind: 'cancel' }, 'over 1, finish'],
    [
      'is cancelled only by its worker',
      stateIn('running'),
      { kind: 'error', error: new GatewayError('request_cancelled'), facts: { attempts: 1, events: 0 } },
      'running 1, decide_rerun',
    ],
    [
      'fails',
      stateIn('running'),
      { kind: 'fail', code: 'draining' },
      'cancelling 1, tell_error, leave_queue, stop_asking, start_timer, tell cancel',
    ],
    ['is withdrawn', stateIn('cancelling'), { kind: 'withdrawn', isClaimed: false }, 'over 1, finish'],
    [
      'was claimed when it was withdrawn',
      stateIn('cancelling'),
      { kind: 'withdrawn', isClaimed: true },
      'cancelling 1',
    ],
    [
      'ends after its client has left',
      stateIn('cancelling'),
      { kind: 'end', end: { events: 1, burntTokens: 0 } },
      'over 1, finish',
    ],
  ])('%s', (_, state, event, expected) => {
    expect(resultOf(state, event)).toBe(expected);
  });

  it('stays as it is once it is over', () => {
    for (const event of events) expect(resultOf(stateIn('over'), event)).toBe('over 1');
  });

  it('has one end, finishes once, and counts every replaced run that a worker may have begun', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 30 }), (happened) => {
        let state = step(firstState(job), { kind: 'submit' }).state;
        const ends = [];
        for (const event of happened) {
          // Answers of the queue belong to the latest run.
          const { state: after, commands } = step(
            state,
            'epoch' in event ? { ...event, epoch: state.job.epoch } : event,
          );
          ends.push(
            ...commands.filter(({ kind }) => kind === 'finish' || kind === 'tell_end' || kind === 'tell_error'),
          );
          const isReplaced = after.job.epoch > state.job.epoch;
          const isProven = event.kind === 'disclaimed' || event.kind === 'taken_back';
          if (isReplaced && !isProven) expect(after.job.state.attempts).toBeGreaterThan(0);
          expect(after.job.epoch - state.job.epoch).toBeLessThanOrEqual(1);
          state = after;
        }
        expect(ends.filter(({ kind }) => kind === 'finish').length).toBe(state.phase === 'over' ? 1 : 0);
        expect(ends.filter(({ kind }) => kind !== 'finish').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});

describe('docs/architecture.md', () => {
  it('shows the phases of a request as they are; else run `npm run generate -w @sluice/ingress`', () => {
    const { present, generated } = architecturePage();
    expect(present).toBe(generated);
  });
});
