import type {
  ChatBody,
  ChatJob,
  Delivered,
  End,
  GatewayError,
  LastFailure,
  NativeRequest,
  RetryState,
} from '@sluice/protocol';
import type { Publisher } from '@sluice/relay';
import type { SpanHandle } from '@sluice/telemetry';
import type { ActiveRun } from '../consumer/active-runs.ts';
import type { Spent } from './tally.ts';

/** One run of a request that this worker has claimed. */
export interface ClaimedRun {
  readonly job: ChatJob;
  readonly body: ChatBody;
  /** The same request in the client's own protocol; undefined for a chat request. */
  readonly native: NativeRequest | undefined;
  /** The part of a broken answer that the client has. */
  readonly delivered: Delivered | undefined;
  readonly active: ActiveRun;
  readonly publisher: Publisher;
  /** Milliseconds until the request's deadline. */
  readonly remainingMs: () => number;
  /** The span of the whole inference; attempts are its children. */
  readonly span: SpanHandle;
}

/** The result of a run. */
export type Outcome =
  | { readonly kind: 'end'; readonly end: End; readonly attempts: number }
  | {
      readonly kind: 'error';
      readonly error: GatewayError;
      readonly attempts: number;
      /** Upstream events that the client may have received before. */
      readonly events: number;
      /** For the log. */
      readonly lastFailure?: LastFailure | undefined;
      /** Cost of all calls of the request; absent for none. */
      readonly spent?: Spent | undefined;
    }
  /** The request runs again after the delay; `error` is the cause. */
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      readonly state: RetryState;
      readonly error: GatewayError;
      /** The back-off without jitter, for the log. Undefined if the delay is not a back-off. */
      readonly baseDelayMs?: number | undefined;
    };
