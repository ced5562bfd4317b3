import type { UpstreamFailure } from '@sluice/protocol';
import type { AnswerSummary } from '@sluice/providers';

/** The end of an attempt. */
export type Ending =
  | { readonly kind: 'complete'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly hasThrown?: boolean }
  | { readonly kind: 'aborted' };

/** The result of one attempt at one target. `failure` is free of secrets once it leaves `attempt.ts`. */
export type AttemptResult = Ending & {
  /** Upstream events that were passed on. */
  readonly events: number;
  /** Upstream events that were received, including those that the client has from an earlier attempt. */
  readonly received: number;
  /** The request was sent twice, because its first connection was already closed. */
  readonly wasResent: boolean;
  /** False if no call was made to the target. */
  readonly wasCalled: boolean;
  /** The provider refused an access token, which can be renewed. */
  readonly isTokenRefused: boolean;
};

export type FailedAttempt = Extract<AttemptResult, { kind: 'failed' }>;

/** The result of an attempt that ends before its call. */
export const withoutCall = (ending: Ending): AttemptResult => ({
  ...ending,
  events: 0,
  received: 0,
  wasResent: false,
  wasCalled: false,
  isTokenRefused: false,
});
