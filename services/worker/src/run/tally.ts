import type { Delivered, RetryState } from '@sluice/protocol';

/** Cost of calls. */
export interface Spent {
  /** Micro-dollars. */
  readonly costMicros: number;
  /** Some part is estimated, because the provider did not report its tokens. */
  readonly isEstimated: boolean;
}

/** Counts the attempts, tokens and costs of a request over all its runs. No other code counts them. */
export interface Tally {
  /** Counts the start of an attempt; returns its number. */
  begin(): number;
  /** Counts the start of an extension; returns its number. `retry.max_attempts` does not limit extensions. */
  extend(): number;
  /** Counts a further call of an attempt that sends embeddings in several batches; returns its number. */
  countBatch(): number;
  /** Counts a failed attempt that was sent twice, because its first connection was already closed; returns its number. */
  countResend(): number;
  /** Counts upstream events that an attempt has passed on. */
  pass(events: number): void;
  /** Counts the tokens, approximately, that a failed attempt had sent. */
  burn(tokens: number): void;
  /** Adds the cost of a call. */
  spend(spent: Spent): void;
  /** Attempts that count against `retry.max_attempts`. */
  readonly attempts: number;
  /** Attempts that extended the answer. */
  readonly extensions: number;
  /** Number of all calls; the client gets it. */
  calls(): number;
  /** Cost of all calls, in micro-dollars. */
  readonly costMicros: number;
  readonly isEstimated: boolean;
  readonly burntTokens: number;
  /** Upstream events that this run has passed on. */
  readonly events: number;
  /** Returns the state with these counts. */
  into(state: RetryState): RetryState;
}

export const createTally = (state: RetryState, delivered: Delivered | undefined): Tally =>
  new CountedTally(state, delivered?.continuations ?? 0);

/** Returns the cost of the calls so far, as an `error` frame has it; undefined for none. */
export const spentIn = ({ costMicros, isEstimated }: Spent): Spent | undefined =>
  costMicros > 0 || isEstimated ? { costMicros, isEstimated } : undefined;

class CountedTally implements Tally {
  attempts: number;
  extensions: number;
  burntTokens: number;
  costMicros: number;
  isEstimated: boolean;
  events = 0;
  private batchCalls: number;

  constructor(state: RetryState, extensions: number) {
    const { attempts, burntTokens, batchCalls } = state;
    this.attempts = attempts;
    this.extensions = extensions;
    this.burntTokens = burntTokens;
    this.batchCalls = batchCalls;
    this.costMicros = state.costMicros;
    this.isEstimated = state.isEstimated;
  }

  calls(): number {
    return this.attempts + this.extensions + this.batchCalls;
  }

  begin(): number {
    this.attempts++;
    return this.calls();
  }

  extend(): number {
    this.extensions++;
    return this.calls();
  }

  countBatch(): number {
    this.batchCalls++;
    return this.calls();
  }

  countResend(): number {
    this.attempts++;
    return this.calls();
  }

  pass(events: number): void {
    this.events += events;
  }

  burn(tokens: number): void {
    this.burntTokens += tokens;
  }

  spend({ costMicros, isEstimated }: Spent): void {
    this.costMicros += costMicros;
    this.isEstimated ||= isEstimated;
  }

  into(state: RetryState): RetryState {
    const { attempts, burntTokens, batchCalls, costMicros, isEstimated } = this;
    return { ...state, attempts, burntTokens, batchCalls, costMicros, isEstimated };
  }
}
