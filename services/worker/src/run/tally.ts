import type { Delivered, RetryState } from '@sluice/protocol';

/** Counts the attempts and tokens of a request over all its runs. No other code counts them. */
export interface Tally {
  /** Counts the start of an attempt; returns its number. */
  begin(): number;
  /** Counts the start of an extension; returns its number. `retry.max_attempts` does not limit extensions. */
  extend(): number;
  /** Counts a further call of an attempt that sends embeddings in several batches. */
  countBatch(): void;
  /** Counts a failed attempt that was sent twice, because its first connection was already closed. */
  countResend(): void;
  /** Counts upstream events that an attempt has passed on. */
  pass(events: number): void;
  /** Counts the tokens, approximately, that a failed attempt had sent. */
  burn(tokens: number): void;
  /** Attempts that count against `retry.max_attempts`. */
  readonly attempts: number;
  /** Attempts that extended the answer. */
  readonly extensions: number;
  /** Number of all calls; the client gets it. */
  calls(): number;
  readonly burntTokens: number;
  /** Upstream events that this run has passed on. */
  readonly events: number;
  /** Returns the state with these counts. */
  into(state: RetryState): RetryState;
}

export const createTally = (state: RetryState, delivered: Delivered | undefined): Tally =>
  new CountedTally(state, delivered?.continuations ?? 0);

class CountedTally implements Tally {
  attempts: number;
  extensions: number;
  burntTokens: number;
  events = 0;
  private batchCalls: number;

  constructor({ attempts, burntTokens, batchCalls }: RetryState, extensions: number) {
    this.attempts = attempts;
    this.extensions = extensions;
    this.burntTokens = burntTokens;
    this.batchCalls = batchCalls;
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

  countBatch(): void {
    this.batchCalls++;
  }

  countResend(): void {
    this.attempts++;
  }

  pass(events: number): void {
    this.events += events;
  }

  burn(tokens: number): void {
    this.burntTokens += tokens;
  }

  into(state: RetryState): RetryState {
    const { attempts, burntTokens, batchCalls } = this;
    return { ...state, attempts, burntTokens, batchCalls };
  }
}
