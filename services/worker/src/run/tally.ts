import type { Delivered, RetryState } from '@sluice/protocol';

/** Counts the attempts and tokens of a request over all its runs. No other code counts them. */
export interface Tally {
  /** An attempt begins; gives its number. */
  begin(): number;
  /** An attempt begins that lengthens the answer; gives its number. The policy's limit does not count it. */
  extend(): number;
  /** A call of embeddings in several batches was made, beyond the one that every attempt is. */
  countBatch(): void;
  /** An attempt went out twice, since its connection had been closed before, and failed. */
  countResend(): void;
  /** An attempt has passed so many upstream events on. */
  pass(events: number): void;
  /** A failed attempt had sent about so many tokens. */
  burn(tokens: number): void;
  /** Attempts that the policy limits. */
  readonly attempts: number;
  /** Attempts that lengthened the answer. */
  readonly extensions: number;
  /** All calls, as the client is told. */
  calls(): number;
  readonly burntTokens: number;
  /** Upstream events that this run has passed on. */
  readonly events: number;
  /** The state with what was counted. */
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
