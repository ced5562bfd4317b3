import type { AttemptCommand, AttemptEvent } from './attempt-events.ts';
import { type AttemptLimits, type AttemptState, beginAttempt, stepAttempt, wakeAt } from './attempt-state.ts';

/** Holds the state of one attempt, and its timer. */
export interface AttemptMachine {
  readonly state: AttemptState;
  dispatch(event: AttemptEvent): void;
  /** Runs a callback; an error that it throws ends the attempt, because undici would swallow the error. */
  guard(work: () => void): void;
  fallOver(error: unknown): void;
  /** Sets the timer for the first time; afterwards every event sets it. */
  watch(): void;
}

export interface AttemptMachineNeeds extends AttemptLimits {
  readonly onThrow: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Node's timers take at most 31 bits. */
const longestTimerMs = 2 ** 31 - 1;

export function createAttemptMachine(
  needs: AttemptMachineNeeds,
  carryOut: (command: AttemptCommand) => void,
): AttemptMachine {
  const { now, onThrow } = needs;
  let state = beginAttempt(needs, now());
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;

  function dispatch(event: AttemptEvent): void {
    const step = stepAttempt(state, event);
    ({ state } = step);
    step.commands.forEach(carryOut);
    watch();
  }

  /** One timer checks the state from time to time, so that a token needs no timer of its own. */
  function watch(): void {
    if (state.isOver) return clearTimeout(timer);
    const at = wakeAt(state);
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(look, Math.min(longestTimerMs, Math.max(0, at - now())));
  }

  function look(): void {
    timerAt = Number.POSITIVE_INFINITY;
    guard(() => dispatch({ kind: 'tick', at: now() }));
  }

  function guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      fallOver(error);
    }
  }

  function fallOver(error: unknown): void {
    onThrow(error);
    dispatch({ kind: 'threw' });
  }

  return {
    get state() {
      return state;
    },
    dispatch,
    guard,
    fallOver,
    watch,
  };
}
