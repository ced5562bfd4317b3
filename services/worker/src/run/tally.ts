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

export function createTally(state: RetryState, delivered: Delivered | undefined): Tally {
  let { batchCalls } = state;
  const tally = {
    attempts: state.attempts,
    extensions: delivered?.continuations ?? 0,
    burntTokens: state.burntTokens,
    events: 0,
    calls: (): number => tally.attempts + tally.extensions + batchCalls,
    begin(): number {
      tally.attempts++;
      return tally.calls();
    },
    extend(): number {
      tally.extensions++;
      return tally.calls();
    },
    countBatch: () => void batchCalls++,
    countResend: () => void tally.attempts++,
    pass: (events: number) => void (tally.events += events),
    burn: (tokens: number) => void (tally.burntTokens += tokens),
    into: (given: RetryState): RetryState => ({
      ...given,
      attempts: tally.attempts,
      burntTokens: tally.burntTokens,
      batchCalls,
    }),
  };
  return tally;
}
