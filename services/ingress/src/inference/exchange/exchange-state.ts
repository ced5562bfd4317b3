import type { ChatJob } from '@sluice/protocol';
import type { ExchangeEvent, ExchangeState, Phase } from './exchange-events.ts';
import {
  ask,
  cancel,
  fail,
  finish,
  isClaimUnknown,
  lookForRun,
  loseRun,
  onAnswered,
  onRerunDecided,
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
  setPaused,
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
    isPaused: false,
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
  pause: (state) => setPaused(state, 'pause'),
  resume: (state) => setPaused(state, 'resume'),
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
  rerun_decided: onRerunDecided,
  error: onError,
};

/**
 * The step for each event that counts in a phase. All other events come late, or from a process without the latest run,
 * and are ignored. The diagram in docs/architecture.md is generated from this table.
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
    taken_back: (state, { epoch, found }) => (isClaimUnknown(state, epoch) ? onTakenBack(state, found) : to(state)),
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
    // A run that was claimed a moment ago has its `started` under way, which is answered with `cancel`.
    withdrawn: (state, { isClaimed }) => (isClaimed ? to({ ...state, mayHaveCalled: true }) : finish(state)),
    started: (state, { workerId }) => onStarted(state, workerId),
    end: onEnd,
    error: reportError,
    retry: (state, event) =>
      finish({
        ...state,
        job: { ...state.job, state: event.state },
        attempts: event.state.attempts,
        mayHaveCalled: false,
      }),
    worker_lost: (state) => finish(state),
    confirmation_due: (state) => finish(state),
  },
  over: {},
};

/**
 * Returns the next state of a request after an event, and the commands for `createExchange`. Pure.
 * A run is replaced without counting as an attempt only if no worker has begun it and no worker can begin it:
 * docs/decisions/2026-11-30-redis-lost-data.md.
 */
export function step(state: ExchangeState, event: ExchangeEvent): Step {
  // The type `Row` ensures that the entry of a kind takes events of that kind.
  const decide = table[state.phase][event.kind] as ((state: ExchangeState, event: ExchangeEvent) => Step) | undefined;
  return decide === undefined ? to(state) : decide(state, event);
}
