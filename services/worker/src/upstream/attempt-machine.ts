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

export const createAttemptMachine = (
  needs: AttemptMachineNeeds,
  carryOut: (command: AttemptCommand) => void,
): AttemptMachine => new Machine(needs, carryOut);

/** A class, because there is one per call: closures and an accessor took three times the memory. */
class Machine implements AttemptMachine {
  state: AttemptState;
  private readonly needs: AttemptMachineNeeds;
  private readonly carryOut: (command: AttemptCommand) => void;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Number.POSITIVE_INFINITY;

  constructor(needs: AttemptMachineNeeds, carryOut: (command: AttemptCommand) => void) {
    this.needs = needs;
    this.carryOut = carryOut;
    this.state = beginAttempt(needs, needs.now());
  }

  dispatch(event: AttemptEvent): void {
    const { state, commands } = stepAttempt(this.state, event);
    this.state = state;
    for (const command of commands) this.carryOut(command);
    this.watch();
  }

  /** One timer checks the state from time to time, so that a token needs no timer of its own. */
  watch(): void {
    if (this.state.isOver) return clearTimeout(this.timer);
    const at = wakeAt(this.state);
    if (at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    const afterMs = Math.min(longestTimerMs, Math.max(0, at - this.needs.now()));
    this.timer = setTimeout(() => this.look(), afterMs);
  }

  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fallOver(error);
    }
  }

  fallOver(error: unknown): void {
    this.needs.onThrow(error);
    this.dispatch({ kind: 'threw' });
  }

  private look(): void {
    this.timerAt = Number.POSITIVE_INFINITY;
    this.guard(() => this.dispatch({ kind: 'tick', at: this.needs.now() }));
  }
}
