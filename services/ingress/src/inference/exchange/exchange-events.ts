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
import type { RerunDecision } from './resumption.ts';

export interface FailureFacts {
  /** Number of attempts. */
  readonly attempts: number;
  /** Upstream events that the client got before the failure. */
  readonly events: number;
  /** Cost of all attempts in micro-dollars, as far as workers have reported it. */
  readonly costMicros?: number | undefined;
  /** Some part of the cost is counted by the gateway. */
  readonly isEstimated?: boolean | undefined;
  /** The last failure of an attempt, for the log. */
  readonly failure?: Failed['failure'];
}

/**
 * - `new`: not queued yet.
 * - `queued`: the latest run waits for a worker, or its worker has not reported yet.
 * - `running`: a worker has reported that the latest run has begun.
 * - `between-runs`: the next run waits for its time.
 * - `cancelling`: the client has left or got an error; a worker may still have to confirm that its call is closed.
 * - `over`: no worker works on the request.
 */
export const phases = ['new', 'queued', 'running', 'between-runs', 'cancelling', 'over'] as const;
export type Phase = (typeof phases)[number];

/** All facts on which the next step of a request depends. */
export interface ExchangeState {
  readonly phase: Phase;
  /** The latest run. */
  readonly job: ChatJob;
  /** Part of the answer that the latest run resumes. */
  readonly delivered: Delivered | undefined;
  /** Worker of the latest run; undefined while unknown. */
  readonly workerId: string | undefined;
  /** The workers are being asked which of them has the latest run. */
  readonly isAsking: boolean;
  /** The queue has taken the first run. */
  readonly isSubmitted: boolean;
  /** The request's runs are held, because the client reads too slowly. */
  readonly isPaused: boolean;
  /** A run was lost without a report of its worker. The second such loss ends the request. */
  readonly hasLostRun: boolean;
  /** The worker has ended the request, and removes its record from Redis. */
  readonly isForgotten: boolean;
  /** The latest run may have made an attempt. */
  readonly mayHaveCalled: boolean;
  /** Number of attempts that are known. */
  readonly attempts: number;
  /** Chunks that the client had when the latest run began. */
  readonly deliveredBefore: number;
}

/** The end of a run before the end of its answer: the reason, and the state for the next run. */
export interface Ending {
  readonly error: GatewayError;
  readonly delayMs: number;
  readonly state: RetryState;
  /** The worker did not report the end, so the chunks that it sent count as burnt tokens. */
  readonly isLost: boolean;
}

/** An event of a request. `epoch` is the run to which an answer of the queue belongs. */
export type ExchangeEvent =
  // Events of the client, or of its ingress.
  | { readonly kind: 'submit' | 'pause' | 'resume' | 'cancel' }
  | { readonly kind: 'fail'; readonly code: ErrorCode }
  // Events of the queue.
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
  /** Redis may have lost data; or the job has left the list, and no worker has reported that it has begun. */
  | { readonly kind: 'redis_restored' | 'not_found' }
  // Events of the worker of the latest run.
  | { readonly kind: 'started'; readonly workerId: string }
  | { readonly kind: 'answered'; readonly answered: Answered }
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'end'; readonly end: End }
  | { readonly kind: 'error'; readonly error: GatewayError; readonly facts: FailureFacts }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly state: RetryState; readonly error: GatewayError }
  /** `received`: frames of the run that have arrived. */
  | { readonly kind: 'holds'; readonly holds: Holds; readonly received: number }
  | { readonly kind: 'gap' | 'worker_lost' }
  // `disclaimed`: all workers that were asked disclaim the run. `silence`: some of them have not answered.
  | { readonly kind: 'disclaimed' | 'silence' }
  // The decision on another run, which depends on the part of the answer that the client has.
  | {
      readonly kind: 'rerun_decided';
      readonly decision: RerunDecision;
      readonly chunks: number;
      readonly ending: Ending;
    }
  // Events of timers.
  | { readonly kind: 'rerun_due'; readonly reason: ErrorCode }
  | { readonly kind: 'confirmation_due' };

/** A command of a step. The commands of a step are carried out in order. */
export type ExchangeCommand =
  // For the queue; each results in an event. `isReplacement`: the run replaces one that was lost in the queue.
  | { readonly kind: 'store'; readonly isReplacement: boolean }
  | { readonly kind: 'resubmit'; readonly isReplacement: boolean }
  | { readonly kind: 'take_back' }
  | { readonly kind: 'withdraw' }
  /** `watch_queue` watches for a job that is lost or waits too long; `leave_queue` ends that. */
  | { readonly kind: 'watch_queue' | 'leave_queue' }
  // For workers. `expect`: from now on, only frames of the latest run count, beginning with this `seq`.
  | { readonly kind: 'expect'; readonly seq: number }
  | { readonly kind: 'watch_worker'; readonly workerId: string | undefined }
  | { readonly kind: 'tell'; readonly workerId: string; readonly what: 'cancel' | 'pause' | 'resume' }
  | { readonly kind: 'ask'; readonly workerId: string | undefined }
  | { readonly kind: 'stop_asking' }
  // For the record of the delivered answer.
  | { readonly kind: 'decide_rerun'; readonly ending: Ending }
  // For the timer.
  | { readonly kind: 'start_timer'; readonly ms: number; readonly event: ExchangeEvent }
  // For the client.
  | { readonly kind: 'tell_started'; readonly workerId: string }
  | { readonly kind: 'tell_answered'; readonly answered: Answered }
  | { readonly kind: 'tell_data'; readonly text: string }
  | { readonly kind: 'tell_rerun'; readonly reason: ErrorCode; readonly isResumed: boolean }
  | { readonly kind: 'tell_end'; readonly end: End }
  /** Without `facts`, the ingress's own counts are used. */
  | { readonly kind: 'tell_error'; readonly error: GatewayError; readonly facts?: FailureFacts | undefined }
  /** Ends the exchange. `isWithdrawn`: a run that is still queued is withdrawn. */
  | { readonly kind: 'finish'; readonly isWithdrawn: boolean; readonly facts?: FailureFacts | undefined };
