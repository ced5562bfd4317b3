import type { ChatJob } from '@sluice/protocol';
import type { ExchangeEvent, ExchangeState, Phase } from './exchange-events.ts';
import {
  ask,
  cancel,
  fail,
  finish,
  isSought,
  lookForRun,
  loseRun,
  onContinuation,
  onGap,
  onHolds,
  onNotQueued,
  onSilence,
  onStarted,
  onStored,
  onTakenBack,
  replaceRun,
  tell,
  to,
  type Step,
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

const ofClient: readonly Kind[] = ['pause', 'resume', 'cancel', 'fail'];
const ofQueue: readonly Kind[] = ['stored', 'resubmitted', 'not_queued'];
const ofSearch: readonly Kind[] = [
  'redis_restored',
  'holds',
  'disclaimed',
  'silence',
  'worker_lost',
  'gap',
  'continuation',
];

/** The events that count in each phase. All others come late, or from a process that is not ours, and are ignored. */
const heard: Readonly<Record<Phase, ReadonlySet<Kind>>> = {
  new: new Set<Kind>(['submit', 'cancel', 'fail']),
  queued: new Set<Kind>([...ofClient, ...ofQueue, ...ofSearch, 'not_found', 'taken_back', 'started', 'error']),
  running: new Set<Kind>([...ofClient, ...ofQueue, ...ofSearch, 'answered', 'data', 'end', 'error', 'retry']),
  'between-runs': new Set<Kind>([...ofClient, ...ofQueue, 'rerun_due']),
  cancelling: new Set<Kind>([
    'not_queued',
    'withdrawn',
    'started',
    'end',
    'error',
    'retry',
    'worker_lost',
    'confirmation_due',
  ]),
  over: new Set<Kind>(),
};

/**
 * Decides what an event means to a request and what is to be done about it. Pure: `createExchange` carries it out.
 * A run that is replaced without being counted as an attempt was begun by no worker, and will be by none: see
 * docs/decisions/2026-11-30-redis-lost-data.md.
 */
export function step(state: ExchangeState, event: ExchangeEvent): Step {
  if (!heard[state.phase].has(event.kind)) return to(state);
  switch (event.kind) {
    case 'submit':
      return to(
        { ...state, phase: 'queued' },
        { kind: 'expect', seq: 0 },
        { kind: 'watch_queue' },
        { kind: 'store', isReplacement: false },
      );
    case 'stored':
      return onStored({ ...state, isSubmitted: true }, { ...event, isReplacement: false });
    case 'resubmitted':
      return onStored(state, event);
    case 'not_queued':
      return onNotQueued(state, event);
    case 'not_found':
      return lookForRun(state);
    case 'redis_restored':
      return state.phase === 'running' ? ask(state, state.workerId) : lookForRun(state);
    case 'taken_back':
      return isSought(state, event.epoch) ? onTakenBack(state, event.found) : to(state);
    case 'withdrawn':
      // If it was claimed a moment ago, its `started` is under way and will be answered with a cancel.
      return event.isClaimed ? to({ ...state, mayHaveCalled: true }) : finish(state);
    case 'started':
      return onStarted(state, event.workerId);
    case 'answered': {
      const { answered } = event;
      return to({ ...state, attempts: answered.attempts }, { kind: 'tell_answered', answered });
    }
    case 'data':
      return to(state, { kind: 'tell_data', text: event.text });
    case 'end':
      return finish(
        { ...state, isForgotten: true },
        { kind: 'tell_end', end: event.end },
        { attempts: Math.max(1, state.attempts), events: event.end.events },
      );
    case 'error': {
      const { error, facts } = event;
      // This ingress did not cancel the run: its worker took the ingress for dead, and has closed its call.
      if (error.code === 'request_cancelled' && state.phase !== 'cancelling') return loseRun(state, 'worker_lost');
      return finish({ ...state, isForgotten: true }, { kind: 'tell_error', error, facts }, facts);
    }
    case 'retry': {
      if (state.phase === 'cancelling') {
        return finish({ ...state, attempts: event.state.attempts, mayHaveCalled: false });
      }
      const { delayMs, error } = event;
      const ending = { delayMs, state: event.state, error, isLost: false };
      return to({ ...state, attempts: event.state.attempts }, { kind: 'find_continuation', ending });
    }
    case 'holds':
      return onHolds(state, event.holds, event.received);
    case 'disclaimed':
      return state.phase === 'queued' ? replaceRun(state) : to({ ...state, isAsking: false });
    case 'silence':
      return onSilence({ ...state, isAsking: false });
    case 'gap':
      return onGap(state);
    case 'worker_lost':
      return state.phase === 'cancelling' ? finish(state) : loseRun(state, 'worker_lost');
    case 'continuation':
      return onContinuation(state, event);
    case 'rerun_due':
      return to(
        { ...state, phase: 'queued' },
        { kind: 'tell_rerun', reason: event.reason, isRescue: state.delivered !== undefined },
        { kind: 'watch_queue' },
        { kind: 'resubmit', isReplacement: false },
      );
    case 'confirmation_due':
      return finish(state);
    case 'pause':
    case 'resume':
      return to({ ...state, isHeld: event.kind === 'pause' }, ...tell(state, event.kind));
    case 'fail':
      return fail(state, event.code);
    case 'cancel':
      return cancel(state);
  }
}
