import type { UpstreamFailure } from '@sluice/protocol';
import type { StreamState } from '@sluice/providers';
import type { Ending } from '../attempt/attempt-result.ts';
import { notBegun, notUnderstood, notWhole, pastDeadline, stopped } from './answer-failures.ts';
import type { AttemptCommand, AttemptEvent, Holder } from './attempt-events.ts';

/*
 * One attempt as a pure table: `stepAttempt(state, event)` returns the next state and the commands to carry out. The
 * driver in ../upstream.ts owns socket and timer, the reader in read-answer.ts owns the translator. All times are monotonic ms.
 */

export interface AttemptLimits {
  /** The provider was asked for a stream. */
  readonly asksStream: boolean;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  /** Time limit of an attempt with a whole (not streamed) answer; Infinity for none. */
  readonly wholeMs: number;
  /** Milliseconds until the request's deadline. */
  readonly remainingMs: number;
}

export interface AttemptState {
  readonly limits: AttemptLimits;
  readonly startedAt: number;
  /** `undecided` until the first bytes arrive; `error` for a status other than 2xx. */
  readonly reading: 'undecided' | 'error' | 'stream' | 'whole';
  /** Progress of the stream. `none`: no content yet; `finished`: only usage may follow. */
  readonly progress: 'none' | 'begun' | 'finished';
  /** The provider sent its finish reason, even if more may follow (`may_continue`). */
  readonly isFinished: boolean;
  /** The full buffers that make us stop reading. */
  readonly holders: readonly Holder[];
  /** Silence up to this time fails the attempt. */
  readonly quietUntil: number;
  /** Latest value of `quietUntil` while the provider sends only signs of life, such as comments, and no content. */
  readonly signsUntil: number;
  /** Time of the next check for a complete whole answer whose body has not ended; Infinity for none. */
  readonly checkWholeAt: number;
  readonly isOver: boolean;
}

export interface AttemptStep {
  readonly state: AttemptState;
  readonly commands: readonly AttemptCommand[];
}

/** An answer that lacks only its usage is complete this long after its finish. */
const usageWaitMs = 500;
/** Silence after which a whole answer with complete JSON is taken: its length was wrong, or its last chunk was lost. */
const wholeQuietMs = 1000;
/** The longest wait for the body of an error; a second limit, behind the 2 s of the client of `@sluice/upstream`. */
const errorBodyMs = 5000;
/** Signs of life without content extend a limit to this many times its length. */
const mostPatience = 5;
/**
 * Content extends the limit of silence only if the gain exceeds this fraction of the limit: a new state for each token
 * took 280 bytes, a tenth of the worker's allocations per token.
 */
const precision = 1 / 1000;

export function beginAttempt(limits: AttemptLimits, at: number): AttemptState {
  return {
    limits,
    startedAt: at,
    reading: 'undecided',
    progress: 'none',
    isFinished: false,
    holders: [],
    quietUntil: limits.asksStream ? at + limits.firstTokenMs : Number.POSITIVE_INFINITY,
    signsUntil: at + limits.firstTokenMs * mostPatience,
    checkWholeAt: Number.POSITIVE_INFINITY,
    isOver: false,
  };
}

/** The time of the next check of the attempt, if no event comes first. */
export function wakeAt({ limits, startedAt, reading, quietUntil, checkWholeAt }: AttemptState): number {
  const wholeUntil = reading === 'stream' || (reading === 'undecided' && limits.asksStream) ? Infinity : limits.wholeMs;
  return Math.min(quietUntil, checkWholeAt, startedAt + wholeUntil, startedAt + limits.remainingMs);
}

export function stepAttempt(state: AttemptState, event: AttemptEvent): AttemptStep {
  if (state.isOver) return stay(state);
  switch (event.kind) {
    case 'head':
      return onHead(state, event);
    case 'decided':
      return onDecided(state, event);
    case 'piece':
      return stay(onPiece(state, event));
    case 'whole_text':
      return stay(onWholeText(state, event));
    case 'held':
      return onHeld(state, event);
    case 'tick':
      return event.at < wakeAt(state) ? stay(state) : onTime(state, event.at);
    case 'translated':
      return onTranslated(state, event.state);
    case 'ended':
      return stay(state, [endOfBody[state.reading]]);
    case 'broke':
      return onBroken(state, event);
    case 'completed':
      return settle(state, { kind: 'complete', summary: event.summary });
    case 'failed':
      return fail(state, event.failure);
    case 'threw':
      return settle(state, { kind: 'failed', failure: notUnderstood, hasThrown: true }, [{ kind: 'hang_up' }]);
    case 'aborted':
      return settle(state, { kind: 'aborted' }, [{ kind: 'hang_up' }]);
  }
}

const endOfBody = {
  undecided: { kind: 'read_whole' },
  whole: { kind: 'read_whole' },
  error: { kind: 'read_error' },
  stream: { kind: 'end_stream', otherwise: undefined },
} as const satisfies Record<AttemptState['reading'], AttemptCommand>;

const none: readonly AttemptCommand[] = [];
const stay = (state: AttemptState, commands = none): AttemptStep => ({ state, commands });

function settle(state: AttemptState, ending: Ending, after: readonly AttemptCommand[] = []): AttemptStep {
  // The socket may be reused: it must not stay paused.
  const resume: readonly AttemptCommand[] = state.holders.length > 0 ? [{ kind: 'resume' }] : [];
  return {
    state: { ...state, isOver: true, holders: [], quietUntil: Number.POSITIVE_INFINITY },
    commands: [...resume, { kind: 'settle', ending }, ...after],
  };
}

const fail = (state: AttemptState, failure: UpstreamFailure): AttemptStep =>
  settle(state, { kind: 'failed', failure }, [{ kind: 'hang_up' }]);

function onHead(state: AttemptState, { isSuccess, at }: Extract<AttemptEvent, { kind: 'head' }>): AttemptStep {
  // Before the head there is nothing to hold back; the body of an error is small.
  if (isSuccess) return stay(state, [{ kind: 'listen' }]);
  return stay({ ...state, reading: 'error', quietUntil: at + errorBodyMs });
}

function onDecided(state: AttemptState, { as, at }: Extract<AttemptEvent, { kind: 'decided' }>): AttemptStep {
  const { limits, holders } = state;
  if (as === 'whole') return stay({ ...state, reading: 'whole', quietUntil: Number.POSITIVE_INFINITY });
  if (limits.asksStream) return stay({ ...state, reading: 'stream', checkWholeAt: Number.POSITIVE_INFINITY });
  // A stream came although none was asked for: from here on the limits of a stream apply.
  const quietUntil = holders.length > 0 ? Number.POSITIVE_INFINITY : at + limits.idleMs;
  const signsUntil = at + limits.idleMs * mostPatience;
  return stay({ ...state, reading: 'stream', quietUntil, signsUntil, checkWholeAt: Number.POSITIVE_INFINITY });
}

function onPiece(before: AttemptState, event: Extract<AttemptEvent, { kind: 'piece' }>): AttemptState {
  const { at, gave, finish } = event;
  const { limits, holders, progress } = before;
  // Pieces after the finish do not put the end off.
  if (progress === 'finished') return before;
  const state = finish === 'open' ? before : { ...before, isFinished: true };
  const isHeld = holders.length > 0;
  if (finish === 'finished') {
    const quietUntil = isHeld ? state.quietUntil : at + Math.min(usageWaitMs, limits.idleMs);
    return { ...state, progress: 'finished', quietUntil };
  }
  if (gave === 'nothing') return state;
  if (gave === 'sign') {
    const allowedMs = progress === 'none' ? limits.firstTokenMs : limits.idleMs;
    return isHeld ? state : { ...state, quietUntil: Math.min(at + allowedMs, state.signsUntil) };
  }
  const quietUntil = at + limits.idleMs;
  if (state.progress === 'begun' && quietUntil < state.quietUntil + limits.idleMs * precision) return state;
  return {
    ...state,
    progress: 'begun',
    quietUntil: isHeld ? state.quietUntil : quietUntil,
    signsUntil: at + limits.idleMs * mostPatience,
  };
}

function onWholeText(
  state: AttemptState,
  { mayBeComplete, at }: Extract<AttemptEvent, { kind: 'whole_text' }>,
): AttemptState {
  const checkWholeAt = mayBeComplete ? at + wholeQuietMs : Number.POSITIVE_INFINITY;
  return checkWholeAt === state.checkWholeAt ? state : { ...state, checkWholeAt };
}

/** A whole answer may be complete although its connection was cut. */
function onBroken(state: AttemptState, { failure, isCut }: Extract<AttemptEvent, { kind: 'broke' }>): AttemptStep {
  const mayBeWhole = state.reading === 'whole' || state.reading === 'undecided';
  if (isCut && mayBeWhole) return stay(state, [{ kind: 'take_whole', otherwise: failure }]);
  return breakOff(state, failure);
}

function onHeld(state: AttemptState, { by, isHeld, at }: Extract<AttemptEvent, { kind: 'held' }>): AttemptStep {
  const others = state.holders.filter((holder) => holder !== by);
  const holders = isHeld ? [...others, by] : others;
  const wasHeld = state.holders.length > 0;
  const next = { ...state, holders };
  if (holders.length > 0 === wasHeld) return stay(next);
  // Reading is paused, so silence does not count against the provider.
  if (!wasHeld) return stay({ ...next, quietUntil: Number.POSITIVE_INFINITY }, [{ kind: 'pause' }]);
  const { idleMs } = state.limits;
  const allowedMs = state.progress === 'finished' ? Math.min(usageWaitMs, idleMs) : idleMs;
  const quietUntil = state.reading === 'whole' ? Number.POSITIVE_INFINITY : at + allowedMs;
  return stay({ ...next, quietUntil }, [{ kind: 'resume' }]);
}

function onTime(state: AttemptState, at: number): AttemptStep {
  if (at >= state.checkWholeAt) {
    return stay({ ...state, checkWholeAt: Number.POSITIVE_INFINITY }, [{ kind: 'take_whole', otherwise: undefined }]);
  }
  if (at >= state.startedAt + state.limits.remainingMs) return breakOff(state, pastDeadline);
  if (state.reading === 'whole') return breakOff(state, notWhole);
  return breakOff(state, state.progress === 'none' ? notBegun : stopped);
}

/** Ends the answer on a failure. An answer that was finished before the failure is complete. */
function breakOff(state: AttemptState, failure: UpstreamFailure): AttemptStep {
  // Status and headers are enough to classify the failure.
  if (state.reading === 'error') return stay(state, [{ kind: 'read_error' }]);
  if (state.isFinished) {
    return stay({ ...state, quietUntil: Number.POSITIVE_INFINITY }, [{ kind: 'end_stream', otherwise: failure }]);
  }
  return fail(state, failure);
}

function onTranslated(state: AttemptState, translated: StreamState): AttemptStep {
  switch (translated.kind) {
    case 'open':
      return stay(state);
    case 'failed':
      return fail(state, translated.failure);
    case 'complete':
      return settle(state, { kind: 'complete', summary: translated.summary }, [{ kind: 'linger' }]);
  }
}
