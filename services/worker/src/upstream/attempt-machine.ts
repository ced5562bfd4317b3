import type { AttemptCommand, AttemptEvent } from './attempt-events.ts';
import { type AttemptLimits, type AttemptState, beginAttempt, stepAttempt, wakeAt } from './attempt-state.ts';

/** Holds the state of one attempt, and the one timer that looks at it. */
export interface AttemptMachine {
  readonly state: AttemptState;
  dispatch(event: AttemptEvent): void;
  /** Runs a callback; an error thrown inside ends the attempt: undici would swallow it. */
  guard(work: () => void): void;
  fallOver(error: unknown): void;
  /** Sets the timer for the first time; every event does so afterwards. */
  watch(): void;
}

export interface AttemptMachineNeeds extends AttemptLimits {
  readonly onThrow: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Timers of Node hold no more than 31 bits. */
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

  /** One timer looks at the state now and then, so that a token costs no timer of its own. */
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
