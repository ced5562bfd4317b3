import { type End, type ErrorCode, errorTable, GatewayError, type Holds } from '@sluice/protocol';
import type { TakeBack } from '@sluice/queue';
import type { Ending, ExchangeCommand, ExchangeEvent, ExchangeState, FailureFacts } from './exchange-events.ts';

/** Time limit for a worker to confirm that the call of a cancelled run is closed. */
const confirmMs = 2000;

export interface Step {
  readonly state: ExchangeState;
  readonly commands: readonly ExchangeCommand[];
}

type EventOf<K extends ExchangeEvent['kind']> = Extract<ExchangeEvent, { readonly kind: K }>;

export const to = (state: ExchangeState, ...commands: ExchangeCommand[]): Step => ({ state, commands });

/** True while a run is queued or running. */
const hasRun = ({ phase }: ExchangeState): boolean => phase === 'queued' || phase === 'running';

/** True while the run is queued, its worker is unknown, and no worker is being asked for it. */
export const isClaimUnknown = ({ phase, job, workerId, isAsking }: ExchangeState, epoch = job.epoch): boolean =>
  phase === 'queued' && job.epoch === epoch && workerId === undefined && !isAsking;

function tell({ workerId }: ExchangeState, what: 'cancel' | 'pause' | 'resume'): ExchangeCommand[] {
  return workerId === undefined ? [] : [{ kind: 'tell', workerId, what }];
}

export function ask(state: ExchangeState, workerId: string | undefined): Step {
  return state.isAsking ? to(state) : to({ ...state, isAsking: true }, { kind: 'ask', workerId });
}

export const lookForRun = (state: ExchangeState): Step =>
  isClaimUnknown(state) ? to(state, { kind: 'take_back' }) : to(state);

export function setPaused(state: ExchangeState, what: 'pause' | 'resume'): Step {
  return to({ ...state, isPaused: what === 'pause' }, ...tell(state, what));
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
  // The record is gone: Redis has lost it, or its TTL is over.
  if (found === 'gone') return to(state, { kind: 'store', isReplacement });
  return isClaimUnknown(state) ? ask(state, undefined) : to(state);
}

export function onNotQueued(state: ExchangeState, { error, isReplacement }: EventOf<'not_queued'>): Step {
  // `submit` itself reports a failure of the first run. For a replacement, the queue watch tries again.
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

/** Replaces the latest run, which no worker has begun or can begin, as if it had never been queued. */
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
    ...(state.isPaused ? tell(next, 'pause') : []),
    { kind: 'tell_started', workerId },
  );
}

export const onAnswered = (state: ExchangeState, { answered }: EventOf<'answered'>): Step =>
  to({ ...state, attempts: answered.attempts }, { kind: 'tell_answered', answered });

export function onEnd(state: ExchangeState, { end }: EventOf<'end'>): Step {
  const { events, costMicros, isEstimated } = end;
  const facts = { attempts: Math.max(1, state.attempts), events, costMicros, isEstimated };
  return finish({ ...state, isForgotten: true }, { kind: 'tell_end', end }, facts);
}

/**
 * A worker that reports `request_cancelled` for a run that this ingress did not cancel took the ingress for dead, and
 * has closed its call. The run counts as lost.
 */
export const onError = (state: ExchangeState, event: EventOf<'error'>): Step =>
  event.error.code === 'request_cancelled' ? loseRun(state, 'worker_lost') : reportError(state, event);

export const reportError = (state: ExchangeState, { error, facts }: EventOf<'error'>): Step =>
  finish({ ...state, isForgotten: true }, { kind: 'tell_error', error, facts }, facts);

/** The worker hands the request back, with the reason and the state for the next run. */
export function onRetry(state: ExchangeState, { delayMs, state: next, error }: EventOf<'retry'>): Step {
  const ending: Ending = { delayMs, state: next, error, isLost: false };
  return to({ ...state, attempts: next.attempts }, { kind: 'decide_rerun', ending });
}

export const onRerunDue = (state: ExchangeState, { reason }: EventOf<'rerun_due'>): Step =>
  to(
    { ...state, phase: 'queued' },
    { kind: 'tell_rerun', reason, isResumed: state.delivered !== undefined },
    { kind: 'watch_queue' },
    { kind: 'resubmit', isReplacement: false },
  );

/**
 * A worker has the latest run, or had it. All frames that it sent earlier have arrived, or never will: a missing one
 * was in Redis when Redis lost its data.
 */
export function onHolds(state: ExchangeState, { workerId, isOver, sent }: Holds, received: number): Step {
  const next = { ...state, workerId, isAsking: false, mayHaveCalled: true };
  const known: ExchangeCommand[] = [{ kind: 'watch_worker', workerId }, { kind: 'stop_asking' }];
  if (sent === received && !isOver) return to(next, ...known);
  if (state.phase === 'queued' && sent === 1 && !isOver) {
    // Only `started` is missing; `holds` has the same meaning.
    const started = onStarted(state, workerId);
    return to(started.state, { kind: 'expect', seq: 1 }, ...started.commands);
  }
  const lost = loseRun(next, 'relay_gap');
  return to(lost.state, ...known, ...tell(next, 'cancel'), ...lost.commands);
}

/** A worker that did not answer may have the run, so it counts as an attempt. A known worker is watched in any case. */
export function onSilence(state: ExchangeState): Step {
  return isClaimUnknown(state) ? loseRun(state, 'worker_lost') : to(state);
}

/** Frames are missing, so the run is useless: its worker gets a `cancel`. */
export function onGap(state: ExchangeState): Step {
  const lost = loseRun(state, 'relay_gap');
  return to(lost.state, ...tell(state, 'cancel'), ...lost.commands);
}

/** Counts the lost run as an attempt, because it may have made one. The second lost run ends the request. */
export function loseRun(state: ExchangeState, code: 'worker_lost' | 'relay_gap'): Step {
  const error = new GatewayError(code);
  if (state.hasLostRun) return finish(state, { kind: 'tell_error', error });
  const retry = { ...state.job.state, attempts: state.job.state.attempts + 1, isEstimated: true };
  const ending: Ending = { error, delayMs: 0, state: retry, isLost: true };
  return to({ ...state, hasLostRun: true }, { kind: 'decide_rerun', ending });
}

/** Starts another run, completes the answer, or ends the request with the error. */
export function onRerunDecided(state: ExchangeState, { decision, chunks, ending }: EventOf<'rerun_decided'>): Step {
  const burntTokens = ending.state.burntTokens + (ending.isLost ? chunks - state.deliveredBefore : 0);
  const spent = spentBy(ending);
  switch (decision.kind) {
    case 'complete': {
      const end: End = { events: chunks, finishReason: decision.finishReason, burntTokens, ...spent };
      const attempts = Math.max(1, state.attempts, ending.state.attempts);
      return finish(state, { kind: 'tell_end', end }, { attempts, events: chunks, ...spent });
    }
    case 'over': {
      const facts = {
        attempts: state.attempts,
        events: chunks,
        failure: ending.isLost ? undefined : ending.state.lastFailure,
        ...spent,
      };
      return finish(state, { kind: 'tell_error', error: ending.error, facts }, facts);
    }
    case 'rerun': {
      const job = { ...state.job, epoch: state.job.epoch + 1, state: { ...ending.state, burntTokens } };
      const { delivered } = decision;
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

/** Returns the cost that workers have reported. */
const spentBy = ({ state: { costMicros, isEstimated } }: Ending): Pick<End, 'costMicros' | 'isEstimated'> => ({
  costMicros,
  isEstimated,
});

/** Ends the request from this side: the client gets the error now, and the worker's confirmation follows. */
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

/** Ends the request. The client gets the last command, unless it has got an end or has left. */
export function finish(state: ExchangeState, last?: ExchangeCommand, facts?: FailureFacts): Step {
  const over: ExchangeState = { ...state, phase: 'over', workerId: undefined, isAsking: false };
  const isTold = last !== undefined && state.phase !== 'cancelling';
  return to(over, { kind: 'finish', isWithdrawn: !state.isForgotten, facts }, ...(isTold ? [last] : []));
}
