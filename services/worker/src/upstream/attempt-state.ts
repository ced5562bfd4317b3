import type { UpstreamFailure } from '@sluice/protocol';
import type { AnswerSummary, StreamState } from '@sluice/providers';

/*
 * One attempt as a pure table: `stepAttempt(state, event)` returns the next state and the commands to carry out. The
 * driver in attempt.ts owns socket, timer and translator. All times are monotonic ms.
 */

/** The end of an attempt. */
export type Ending =
  | { readonly kind: 'complete'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly hasThrown?: boolean }
  | { readonly kind: 'aborted' };

export interface AttemptLimits {
  /** The provider was asked for a stream. */
  readonly asksStream: boolean;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  /** For the whole attempt where the answer comes in one piece; Infinity for none. */
  readonly wholeMs: number;
  /** Until the request's deadline. */
  readonly remainingMs: number;
}

export interface AttemptState {
  readonly limits: AttemptLimits;
  readonly startedAt: number;
  /** `undecided` until the first bytes have come; `error` for a status other than 2xx. */
  readonly reading: 'undecided' | 'error' | 'stream' | 'whole';
  /** Progress of the stream. `none`: nothing of the answer has come; `finished`: only usage may follow. */
  readonly progress: 'none' | 'begun' | 'finished';
  /** The provider has said that the answer is finished, even if more may follow (`may_go_on`). */
  readonly isFinished: boolean;
  /** Those that make us stop reading. */
  readonly holders: readonly Holder[];
  /** Silence up to this time fails the attempt. */
  readonly quietUntil: number;
  /** Signs of life without content may put `quietUntil` off up to this time. */
  readonly signsUntil: number;
  readonly isOver: boolean;
}

/** A link on the way to the client that is full. */
export type Holder = 'client' | 'mailbox';

export type AttemptEvent =
  | { readonly kind: 'head'; readonly isSuccess: boolean; readonly at: number }
  | { readonly kind: 'decided'; readonly as: 'stream' | 'whole'; readonly at: number }
  /** A piece of the stream has been translated. */
  | {
      readonly kind: 'piece';
      readonly gave: 'content' | 'sign' | 'nothing';
      readonly finish: Finish;
      readonly at: number;
    }
  | { readonly kind: 'held'; readonly by: Holder; readonly isHeld: boolean; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** The translator's state, after it was given something. */
  | { readonly kind: 'translated'; readonly state: StreamState }
  /** The body has ended. */
  | { readonly kind: 'ended' }
  /** The connection broke. */
  | { readonly kind: 'broke'; readonly failure: UpstreamFailure }
  | { readonly kind: 'completed'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  /** An adapter or a filter threw. */
  | { readonly kind: 'threw' }
  | { readonly kind: 'aborted' };

/** The finish of the answer. `may_go_on`: the provider says it has finished, but this one sometimes sends more. */
export type Finish = 'open' | 'finished' | 'may_go_on';

export type AttemptCommand =
  | { readonly kind: 'pause' | 'resume' }
  /** Listen for a client that does not keep up. */
  | { readonly kind: 'listen' }
  /** Let the translator end the stream; if it is not complete then, the attempt fails with this failure. */
  | { readonly kind: 'end_stream'; readonly otherwise: UpstreamFailure | undefined }
  | { readonly kind: 'read_whole' | 'read_error' }
  | { readonly kind: 'settle'; readonly ending: Ending }
  /** Close the socket; tell the provider to stop where that is not enough. */
  | { readonly kind: 'hang_up' }
  /** Let the provider end its answer, so that the connection can be used again. */
  | { readonly kind: 'linger' };

export interface AttemptStep {
  readonly state: AttemptState;
  readonly commands: readonly AttemptCommand[];
}

/** An answer that lacks only its usage is complete this long after its finish. */
const usageWaitMs = 500;
/** The longest wait for the body of an error. The client of `@sluice/upstream` ends it after 2 s; this holds if it does not. */
const errorBodyMs = 5000;
/** Signs of life without content extend a limit to this many times its length. */
const mostPatience = 5;
/**
 * Content puts the limit of silence off only where that is worth this part of it: a new state for each token was 280 bytes,
 * a tenth of what the worker allocates for one.
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
    isOver: false,
  };
}

/** The time at which the attempt must be looked at, if nothing happens before. */
export function wakeAt({ limits, startedAt, reading, quietUntil }: AttemptState): number {
  const wholeUntil = reading === 'stream' || (reading === 'undecided' && limits.asksStream) ? Infinity : limits.wholeMs;
  return Math.min(quietUntil, startedAt + wholeUntil, startedAt + limits.remainingMs);
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
    case 'held':
      return onHeld(state, event);
    case 'tick':
      return event.at < wakeAt(state) ? stay(state) : onTime(state, event.at);
    case 'translated':
      return onTranslated(state, event.state);
    case 'ended':
      return stay(state, [endOfBody[state.reading]]);
    case 'broke':
      return breakOff(state, event.failure);
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

const notUnderstood: UpstreamFailure = {
  kind: 'malformed',
  message: "The provider's answer could not be understood.",
};

const none: readonly AttemptCommand[] = [];
const stay = (state: AttemptState, commands = none): AttemptStep => ({ state, commands });

function settle(state: AttemptState, ending: Ending, after: readonly AttemptCommand[] = []): AttemptStep {
  // The socket may be used again: it must not stay paused.
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
  if (limits.asksStream) return stay({ ...state, reading: 'stream' });
  // A stream came although none was asked for: from here on the limits of a stream apply.
  const quietUntil = holders.length > 0 ? Number.POSITIVE_INFINITY : at + limits.idleMs;
  return stay({ ...state, reading: 'stream', quietUntil, signsUntil: at + limits.idleMs * mostPatience });
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

function onHeld(state: AttemptState, { by, isHeld, at }: Extract<AttemptEvent, { kind: 'held' }>): AttemptStep {
  const others = state.holders.filter((holder) => holder !== by);
  const holders = isHeld ? [...others, by] : others;
  const wasHeld = state.holders.length > 0;
  const next = { ...state, holders };
  if (holders.length > 0 === wasHeld) return stay(next);
  // We do not read now: that is no silence of the provider.
  if (!wasHeld) return stay({ ...next, quietUntil: Number.POSITIVE_INFINITY }, [{ kind: 'pause' }]);
  const { idleMs } = state.limits;
  const allowedMs = state.progress === 'finished' ? Math.min(usageWaitMs, idleMs) : idleMs;
  const quietUntil = state.reading === 'whole' ? Number.POSITIVE_INFINITY : at + allowedMs;
  return stay({ ...next, quietUntil }, [{ kind: 'resume' }]);
}

function onTime(state: AttemptState, at: number): AttemptStep {
  if (at >= state.startedAt + state.limits.remainingMs) return breakOff(state, deadlineFailure);
  if (state.reading === 'whole') return breakOff(state, notWhole);
  return breakOff(state, state.progress === 'none' ? notBegun : stopped);
}

const timeout = (message: string): UpstreamFailure => ({ kind: 'timeout', message });
const deadlineFailure = timeout('The request took longer than it may in all.');
const notBegun = timeout('The provider did not begin to answer in time.');
const notWhole = timeout('The provider did not end its answer in time.');
const stopped = timeout('The provider stopped answering.');

/** Ends the answer on a failure. An answer that was finished before is complete all the same. */
function breakOff(state: AttemptState, failure: UpstreamFailure): AttemptStep {
  // Status and headers are enough to sort the failure.
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
