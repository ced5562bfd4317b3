import type { ChatJob } from '@sluice/protocol';
import type { ExchangeEvent, ExchangeState, Phase } from './exchange-events.ts';
import {
  ask,
  cancel,
  fail,
  finish,
  hold,
  isSought,
  lookForRun,
  loseRun,
  onAnswered,
  onContinuation,
  onEnd,
  onError,
  onGap,
  onHolds,
  onNotQueued,
  onRerunDue,
  onRetry,
  onSilence,
  onStarted,
  onStored,
  onSubmit,
  onTakenBack,
  replaceRun,
  reportError,
  type Step,
  to,
} from './exchange-steps.ts';

export function firstState(job: ChatJob): ExchangeState {
  return {
    phase: 'new',
    job,
    delivered: undefined,
    workerId: undefined,
    isAsking: false,
    isSubmitted: false,
    isHeld: false,
    hasLostRun: false,
    isForgotten: false,
    mayHaveCalled: false,
    attempts: 0,
    deliveredBefore: 0,
  };
}

type Kind = ExchangeEvent['kind'];
type EventOf<K extends Kind, Event = ExchangeEvent> = Event extends { readonly kind: infer Kinds }
  ? K extends Kinds
    ? Event
    : never
  : never;
type Row = { readonly [K in Kind]?: (state: ExchangeState, event: EventOf<K>) => Step };

const ofClient: Row = {
  pause: (state) => hold(state, 'pause'),
  resume: (state) => hold(state, 'resume'),
  cancel,
  fail: (state, { code }) => fail(state, code),
};
const ofQueue: Row = {
  stored: (state, event) => onStored({ ...state, isSubmitted: true }, { ...event, isReplacement: false }),
  resubmitted: onStored,
  not_queued: onNotQueued,
};
const ofRun: Row = {
  holds: (state, { holds, received }) => onHolds(state, holds, received),
  silence: (state) => onSilence({ ...state, isAsking: false }),
  gap: onGap,
  worker_lost: (state) => loseRun(state, 'worker_lost'),
  continuation: onContinuation,
  error: onError,
};

/**
 * The step for each event that counts in a phase. All other events come late, or from a process that is not ours, and are
 * ignored. The diagram in docs/architecture.md is made from this table.
 */
const table: Readonly<Record<Phase, Row>> = {
  new: {
    submit: onSubmit,
    cancel,
    fail: (state, { code }) => fail(state, code),
  },
  queued: {
    ...ofClient,
    ...ofQueue,
    ...ofRun,
    redis_restored: lookForRun,
    not_found: lookForRun,
    taken_back: (state, { epoch, found }) => (isSought(state, epoch) ? onTakenBack(state, found) : to(state)),
    started: (state, { workerId }) => onStarted(state, workerId),
    disclaimed: replaceRun,
  },
  running: {
    ...ofClient,
    ...ofQueue,
    ...ofRun,
    redis_restored: (state) => ask(state, state.workerId),
    disclaimed: (state) => to({ ...state, isAsking: false }),
    answered: onAnswered,
    data: (state, { text }) => to(state, { kind: 'tell_data', text }),
    end: onEnd,
    retry: onRetry,
  },
  'between-runs': {
    ...ofClient,
    ...ofQueue,
    rerun_due: onRerunDue,
  },
  cancelling: {
    not_queued: onNotQueued,
    // If it was claimed a moment ago, its `started` is under way and will be answered with a cancel.
    withdrawn: (state, { isClaimed }) => (isClaimed ? to({ ...state, mayHaveCalled: true }) : finish(state)),
    started: (state, { workerId }) => onStarted(state, workerId),
    end: onEnd,
    error: reportError,
    retry: (state, event) => finish({ ...state, attempts: event.state.attempts, mayHaveCalled: false }),
    worker_lost: (state) => finish(state),
    confirmation_due: (state) => finish(state),
  },
  over: {},
};

/**
 * Decides what an event means to a request and what is to be done about it. Pure: `createExchange` carries it out.
 * A run that is replaced without being counted as an attempt was begun by no worker, and will be by none: see
 * docs/decisions/2026-11-30-redis-lost-data.md.
 */
export function step(state: ExchangeState, event: ExchangeEvent): Step {
  // `Row` sees to it that the entry of a kind takes the events of that kind.
  const decide = table[state.phase][event.kind] as ((state: ExchangeState, event: ExchangeEvent) => Step) | undefined;
  return decide === undefined ? to(state) : decide(state, event);
}
