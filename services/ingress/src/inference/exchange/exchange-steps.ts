import { type End, type ErrorCode, errorTable, GatewayError, type Holds } from '@sluice/protocol';
import type { TakeBack } from '@sluice/queue';
import type { Ending, ExchangeCommand, ExchangeEvent, ExchangeState, FailureFacts } from './exchange-events.ts';

/** Time limit for a cancelled worker to confirm that its upstream call is closed. */
const confirmMs = 2000;

export interface Step {
  readonly state: ExchangeState;
  readonly commands: readonly ExchangeCommand[];
}

type EventOf<K extends ExchangeEvent['kind']> = Extract<ExchangeEvent, { readonly kind: K }>;

export const to = (state: ExchangeState, ...commands: ExchangeCommand[]): Step => ({ state, commands });

/** A run is queued or under way. */
const hasRun = ({ phase }: ExchangeState): boolean => phase === 'queued' || phase === 'running';

/** The run is queued, as far as is known; no worker of it is known, and no worker has been asked for it. */
export const isSought = ({ phase, job, workerId, isAsking }: ExchangeState, epoch = job.epoch): boolean =>
  phase === 'queued' && job.epoch === epoch && workerId === undefined && !isAsking;

function tell({ workerId }: ExchangeState, what: 'cancel' | 'pause' | 'resume'): ExchangeCommand[] {
  return workerId === undefined ? [] : [{ kind: 'tell', workerId, what }];
}

export function ask(state: ExchangeState, workerId: string | undefined): Step {
  return state.isAsking ? to(state) : to({ ...state, isAsking: true }, { kind: 'ask', workerId });
}

export const lookForRun = (state: ExchangeState): Step =>
  isSought(state) ? to(state, { kind: 'take_back' }) : to(state);

export function hold(state: ExchangeState, what: 'pause' | 'resume'): Step {
  return to({ ...state, isHeld: what === 'pause' }, ...tell(state, what));
}

export const onSubmit = (state: ExchangeState): Step =>
  to(
    { ...state, phase: 'queued' },
    { kind: 'expect', seq: 0 },
    { kind: 'watch_queue' },
    { kind: 'store', isReplacement: false },
  );

interface Stored {
  readonly found: 'queued' | 'gone' | 'unknown';
  readonly epoch: number;
  readonly isReplacement: boolean;
}

export function onStored(state: ExchangeState, { found, epoch, isReplacement }: Stored): Step {
  if (found === 'queued' || state.phase !== 'queued' || state.job.epoch !== epoch) return to(state);
  // Redis has lost the request, or its time is over.
  if (found === 'gone') return to(state, { kind: 'store', isReplacement });
  return isSought(state) ? ask(state, undefined) : to(state);
}

export function onNotQueued(state: ExchangeState, { error, isReplacement }: EventOf<'not_queued'>): Step {
  // `submit` itself reports the failure of the first run. A replacement is looked for again by the queue watch.
  if (!state.isSubmitted) return finish(state);
  return isReplacement ? to(state) : finish(state, { kind: 'tell_error', error });
}

export function onTakenBack(state: ExchangeState, found: TakeBack): Step {
  switch (found.kind) {
    case 'taken_back':
      return replaceRun(state);
    case 'unknown':
      return ask(state, undefined);
    case 'claimed': {
      const { workerId } = found;
      const asking = ask({ ...state, workerId }, workerId);
      return to(asking.state, { kind: 'watch_worker', workerId }, ...asking.commands);
    }
  }
}

/** No worker has the latest run, nor will one begin it: another one takes its place as if it had never been queued. */
export function replaceRun(state: ExchangeState): Step {
  const job = { ...state.job, epoch: state.job.epoch + 1 };
  return to(
    { ...state, job, workerId: undefined, isAsking: false },
    { kind: 'watch_worker', workerId: undefined },
    { kind: 'expect', seq: 0 },
    { kind: 'watch_queue' },
    { kind: 'resubmit', isReplacement: true },
  );
}

export function onStarted(state: ExchangeState, workerId: string): Step {
  const next = { ...state, workerId, isAsking: false, mayHaveCalled: true };
  const known: ExchangeCommand[] = [{ kind: 'watch_worker', workerId }, { kind: 'stop_asking' }];
  if (state.phase === 'cancelling') return to(next, ...known, ...tell(next, 'cancel'));
  return to(
    { ...next, phase: 'running' },
    ...known,
    { kind: 'leave_queue' },
    ...(state.isHeld ? tell(next, 'pause') : []),
    { kind: 'tell_started', workerId },
  );
}

export const onAnswered = (state: ExchangeState, { answered }: EventOf<'answered'>): Step =>
  to({ ...state, attempts: answered.attempts }, { kind: 'tell_answered', answered });

export function onEnd(state: ExchangeState, { end }: EventOf<'end'>): Step {
  const facts = { attempts: Math.max(1, state.attempts), events: end.events };
  return finish({ ...state, isForgotten: true }, { kind: 'tell_end', end }, facts);
}

/** This ingress did not cancel the run. Where its worker says so, it took the ingress for dead, and has closed its call. */
export const onError = (state: ExchangeState, event: EventOf<'error'>): Step =>
  event.error.code === 'request_cancelled' ? loseRun(state, 'worker_lost') : reportError(state, event);

export const reportError = (state: ExchangeState, { error, facts }: EventOf<'error'>): Step =>
  finish({ ...state, isForgotten: true }, { kind: 'tell_error', error, facts }, facts);

/** The worker gives the run back: the reason, and the state for the next run. */
export function onRetry(state: ExchangeState, { delayMs, state: next, error }: EventOf<'retry'>): Step {
  const ending: Ending = { delayMs, state: next, error, isLost: false };
  return to({ ...state, attempts: next.attempts }, { kind: 'find_continuation', ending });
}

export const onRerunDue = (state: ExchangeState, { reason }: EventOf<'rerun_due'>): Step =>
  to(
    { ...state, phase: 'queued' },
    { kind: 'tell_rerun', reason, isResumed: state.delivered !== undefined },
    { kind: 'watch_queue' },
    { kind: 'resubmit', isReplacement: false },
  );

/**
 * A worker has the latest run, or had it. All frames that it sent before have come by now, or never will: what is
 * missing was in Redis when that lost its data.
 */
export function onHolds(state: ExchangeState, { workerId, isOver, sent }: Holds, received: number): Step {
  const next = { ...state, workerId, isAsking: false, mayHaveCalled: true };
  const known: ExchangeCommand[] = [{ kind: 'watch_worker', workerId }, { kind: 'stop_asking' }];
  if (sent === received && !isOver) return to(next, ...known);
  if (state.phase === 'queued' && sent === 1 && !isOver) {
    // Only `started` is missing, and this says the same.
    const started = onStarted(state, workerId);
    return to(started.state, { kind: 'expect', seq: 1 }, ...started.commands);
  }
  const lost = loseRun(next, 'relay_gap');
  return to(lost.state, ...known, ...tell(next, 'cancel'), ...lost.commands);
}

/** A worker that did not answer may have the run, so it counts as an attempt. A known worker is watched anyway. */
export function onSilence(state: ExchangeState): Step {
  return isSought(state) ? loseRun(state, 'worker_lost') : to(state);
}

/** Frames are missing: the run goes on at its worker, and can't be used. */
export function onGap(state: ExchangeState): Step {
  const lost = loseRun(state, 'relay_gap');
  return to(lost.state, ...tell(state, 'cancel'), ...lost.commands);
}

/** The lost run may have called an upstream, so it counts. */
export function loseRun(state: ExchangeState, code: 'worker_lost' | 'relay_gap'): Step {
  const error = new GatewayError(code);
  if (state.hasLostRun) return finish(state, { kind: 'tell_error', error });
  const retry = { ...state.job.state, attempts: state.job.state.attempts + 1 };
  const ending: Ending = { error, delayMs: 0, state: retry, isLost: true };
  return to({ ...state, hasLostRun: true }, { kind: 'find_continuation', ending });
}

/** Another run, if what the client has allows for one. */
export function onContinuation(state: ExchangeState, { continuation, chunks, ending }: EventOf<'continuation'>): Step {
  const burntTokens = ending.state.burntTokens + (ending.isLost ? chunks - state.deliveredBefore : 0);
  switch (continuation.kind) {
    case 'complete': {
      const end: End = { events: chunks, finishReason: continuation.finishReason, burntTokens };
      return finish(state, { kind: 'tell_end', end });
    }
    case 'over': {
      const facts = {
        attempts: state.attempts,
        events: chunks,
        failure: ending.isLost ? undefined : ending.state.lastFailure,
      };
      return finish(state, { kind: 'tell_error', error: ending.error, facts }, facts);
    }
    case 'rerun': {
      const job = { ...state.job, epoch: state.job.epoch + 1, state: { ...ending.state, burntTokens } };
      const { delivered } = continuation;
      return to(
        {
          ...state,
          phase: 'between-runs',
          job,
          delivered,
          workerId: undefined,
          isAsking: false,
          mayHaveCalled: false,
          deliveredBefore: chunks,
        },
        { kind: 'watch_worker', workerId: undefined },
        { kind: 'leave_queue' },
        { kind: 'stop_asking' },
        { kind: 'expect', seq: 0 },
        { kind: 'start_timer', ms: ending.delayMs, event: { kind: 'rerun_due', reason: ending.error.code } },
      );
    }
  }
}

/** Ends the request from this side: the client is told now, the worker's confirmation is awaited behind it. */
export function fail(state: ExchangeState, code: ErrorCode): Step {
  const error = new GatewayError(code, { retryAfterMs: errorTable[code].status === 503 ? 1000 : undefined });
  const cancelled = cancel(state);
  return to(cancelled.state, { kind: 'tell_error', error }, ...cancelled.commands);
}

export function cancel(state: ExchangeState): Step {
  const next: ExchangeState = { ...state, phase: 'cancelling', isAsking: false };
  if (!hasRun(state)) return finish(next);
  return to(
    next,
    { kind: 'leave_queue' },
    { kind: 'stop_asking' },
    { kind: 'start_timer', ms: confirmMs, event: { kind: 'confirmation_due' } },
    ...(state.phase === 'running' ? tell(state, 'cancel') : [{ kind: 'withdraw' } as const]),
  );
}

/** Ends the request. The client is told only if it has not been told of an end before. */
export function finish(state: ExchangeState, last?: ExchangeCommand, facts?: FailureFacts): Step {
  const over: ExchangeState = { ...state, phase: 'over', workerId: undefined, isAsking: false };
  const isHeard = last !== undefined && state.phase !== 'cancelling';
  return to(over, { kind: 'finish', isWithdrawn: !state.isForgotten, facts }, ...(isHeard ? [last] : []));
}
