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
  /** A failed attempt had sent about so many tokens. */
  burn(tokens: number): void;
  /** Attempts that the policy limits. */
  readonly attempts: number;
  /** Attempts that lengthened the answer. */
  readonly extensions: number;
  /** All calls, as the client is told. */
  readonly calls: number;
  readonly burntTokens: number;
  /** The state with what was counted. */
  into(state: RetryState): RetryState;
}

export function createTally(state: RetryState, delivered: Delivered | undefined): Tally {
  let { attempts, burntTokens, batchCalls } = state;
  let extensions = delivered?.continuations ?? 0;
  const calls = (): number => attempts + extensions + batchCalls;
  return {
    begin() {
      attempts++;
      return calls();
    },
    extend() {
      extensions++;
      return calls();
    },
    countBatch: () => void batchCalls++,
    countResend: () => void attempts++,
    burn: (tokens) => void (burntTokens += tokens),
    get attempts() {
      return attempts;
    },
    get extensions() {
      return extensions;
    },
    get calls() {
      return calls();
    },
    get burntTokens() {
      return burntTokens;
    },
    into: (given) => ({ ...given, attempts, burntTokens, batchCalls }),
  };
}
