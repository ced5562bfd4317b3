import type {
  Answered,
  ChatJob,
  Delivered,
  End,
  ErrorCode,
  Failed,
  GatewayError,
  Holds,
  RetryState,
} from '@sluice/protocol';
import type { TakeBack } from '@sluice/queue';
import type { Continuation } from './rescue.ts';

export interface FailureFacts {
  /** Upstream calls made. */
  readonly attempts: number;
  /** Upstream events that the client got before. */
  readonly events: number;
  /** The last failure of a call, for the log. */
  readonly failure?: Failed['failure'];
}

/**
 * - `new`: not queued yet.
 * - `queued`: the latest run waits for a worker, or its worker has not been heard of.
 * - `running`: a worker has said that it has begun the latest run.
 * - `between-runs`: the next run waits for its time.
 * - `cancelling`: nobody waits for the answer any more; a worker may still have to confirm that its call is closed.
 * - `over`: no worker works on the request.
 */
export const phases = ['new', 'queued', 'running', 'between-runs', 'cancelling', 'over'] as const;
export type Phase = (typeof phases)[number];

/** All facts on which the next step of a request depends. */
export interface ExchangeState {
  readonly phase: Phase;
  /** The latest run. */
  readonly job: ChatJob;
  /** The part of the answer from which the latest run goes on. */
  readonly delivered: Delivered | undefined;
  /** The worker that has the latest run, if it is known. */
  readonly workerId: string | undefined;
  /** Workers are being asked for the latest run. */
  readonly isAsking: boolean;
  /** The first run has been handed to the queue. */
  readonly isSubmitted: boolean;
  /** The client does not keep up. */
  readonly isHeld: boolean;
  /** A run was lost without its worker's word. That happens to a request once. */
  readonly hasLostRun: boolean;
  /** The worker that ends a request removes its record. */
  readonly isForgotten: boolean;
  /** A worker may have called an upstream for the latest run. */
  readonly mayHaveCalled: boolean;
  /** Upstream calls, as far as they are known. */
  readonly attempts: number;
  /** Chunks that the client had when the latest run began. */
  readonly deliveredBefore: number;
}

/** A run that ended before its answer did: the reason, and the state for the next run. */
export interface Ending {
  readonly error: GatewayError;
  readonly delayMs: number;
  readonly state: RetryState;
  /** The worker did not report the end: the chunks that it had sent count as burnt tokens. */
  readonly isLost: boolean;
}

/** An event of a request. `epoch` names the run that an answer of the queue is about. */
export type ExchangeEvent =
  // The client, by way of its ingress.
  | { readonly kind: 'submit' | 'pause' | 'resume' | 'cancel' }
  | { readonly kind: 'fail'; readonly code: ErrorCode }
  // The queue.
  | { readonly kind: 'stored'; readonly found: 'queued' | 'unknown'; readonly epoch: number }
  | {
      readonly kind: 'resubmitted';
      readonly found: 'queued' | 'gone' | 'unknown';
      readonly epoch: number;
      readonly isReplacement: boolean;
    }
  | { readonly kind: 'not_queued'; readonly error: GatewayError; readonly isReplacement: boolean }
  | { readonly kind: 'taken_back'; readonly found: TakeBack; readonly epoch: number }
  | { readonly kind: 'withdrawn'; readonly isClaimed: boolean }
  /** Redis may have lost data; or the job is in the list no more, and no worker has said that it has begun it. */
  | { readonly kind: 'redis_restored' | 'not_found' }
  // The worker of the latest run.
  | { readonly kind: 'started'; readonly workerId: string }
  | { readonly kind: 'answered'; readonly answered: Answered }
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'end'; readonly end: End }
  | { readonly kind: 'error'; readonly error: GatewayError; readonly facts: FailureFacts }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly state: RetryState; readonly error: GatewayError }
  /** `received`: frames of the run that have come. */
  | { readonly kind: 'holds'; readonly holds: Holds; readonly received: number }
  | { readonly kind: 'gap' | 'worker_lost' }
  // `disclaimed`: none of the workers that were asked has the run. `silence`: not all of them have answered.
  | { readonly kind: 'disclaimed' | 'silence' }
  // The part of the answer that the client has allows for this continuation.
  | {
      readonly kind: 'continuation';
      readonly continuation: Continuation;
      readonly chunks: number;
      readonly ending: Ending;
    }
  // Time.
  | { readonly kind: 'rerun_due'; readonly reason: ErrorCode }
  | { readonly kind: 'confirmation_due' };

/** A command; the commands of a step are carried out in order. */
export type ExchangeCommand =
  // The queue. Each answers with an event. `isReplacement`: the run takes the place of one that got lost in the queue.
  | { readonly kind: 'store'; readonly isReplacement: boolean }
  | { readonly kind: 'resubmit'; readonly isReplacement: boolean }
  | { readonly kind: 'take_back' }
  | { readonly kind: 'withdraw' }
  /** Watches that the job neither gets lost nor waits too long. */
  | { readonly kind: 'watch_queue' | 'leave_queue' }
  // Workers. `expect`: only frames of the latest run count from now on, beginning with this `seq`.
  | { readonly kind: 'expect'; readonly seq: number }
  | { readonly kind: 'watch_worker'; readonly workerId: string | undefined }
  | { readonly kind: 'tell'; readonly workerId: string; readonly what: 'cancel' | 'pause' | 'resume' }
  | { readonly kind: 'ask'; readonly workerId: string | undefined }
  | { readonly kind: 'stop_asking' }
  // The part of the answer that the client has.
  | { readonly kind: 'find_continuation'; readonly ending: Ending }
  // Time.
  | { readonly kind: 'start_timer'; readonly ms: number; readonly event: ExchangeEvent }
  // The client.
  | { readonly kind: 'tell_started'; readonly workerId: string }
  | { readonly kind: 'tell_answered'; readonly answered: Answered }
  | { readonly kind: 'tell_data'; readonly text: string }
  | { readonly kind: 'tell_rerun'; readonly reason: ErrorCode; readonly isResumed: boolean }
  | { readonly kind: 'tell_end'; readonly end: End }
  /** `facts` are those known here where the worker has not said them. */
  | { readonly kind: 'tell_error'; readonly error: GatewayError; readonly facts?: FailureFacts | undefined }
  /** Nothing more happens. `isWithdrawn`: whatever is still queued must not run. */
  | { readonly kind: 'finish'; readonly isWithdrawn: boolean; readonly facts?: FailureFacts | undefined };
