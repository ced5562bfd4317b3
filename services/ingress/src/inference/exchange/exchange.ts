import type { ChatJob, ErrorCode, NativeRequest } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';
import { createClientSide, type ExchangeListener } from './client-side.ts';
import type { ExchangeCommand, ExchangeEvent, ExchangeState, FailureFacts } from './exchange-events.ts';
import { firstState } from './exchange-state.ts';
import type { AccountLost } from './lost-run.ts';
import { createRunQueue } from './run-queue.ts';
import { createStepLoop } from './step-loop.ts';
import { createTimers } from './timers.ts';
import { createWorkerSide, type WorkerSideNeeds } from './worker-side.ts';

export type { FailureFacts } from './exchange-events.ts';
export type { ExchangeListener } from './client-side.ts';

/**
 * One request on the way through queue and worker, over all runs. Only the ingress decides on another run, because only
 * the ingress has the record of what the client got.
 */
export interface Exchange {
  /** Stores and queues the request. Rejects with a GatewayError if that fails; then the listener is not called. */
  submit(): Promise<void>;
  /** Holds the run while the client reads too slowly, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the request with this error, unless the client has got another end. */
  fail(code: ErrorCode): void;
  /** Looks for the run after a possible loss of data in Redis, and queues it again if no worker has begun it. */
  requeue(): void;
  /**
   * Returns the time at which a worker sent the frame that is being handled, in ms since 1970 on the worker's clock; undefined
   * if no frame is being handled.
   */
  sentAt(): number | undefined;
  /** Ends the request without an answer. Afterwards only `ended` resolves. */
  cancel(): void;
  /**
   * Resolves when no worker works on this request any more, so that another request may have the lease. Never rejects.
   * The result has the known attempts and events, at least one attempt if a run may have made one.
   */
  readonly ended: Promise<FailureFacts>;
}

export interface ExchangeNeeds extends WorkerSideNeeds {
  readonly submitter: Submitter;
  readonly accountLost: AccountLost;
}

export interface ExchangeRequest {
  readonly job: ChatJob;
  readonly body: Buffer;
  /** The request in the client's own protocol, for upstreams that speak it. */
  readonly native?: NativeRequest | undefined;
  /** ms since 1970 on Redis's clock. */
  readonly deadlineAt: number;
  /** Time until the deadline, in ms. */
  readonly remainingMs: number;
  /** Maximum time of a run in the queue, in ms. */
  readonly maxQueueWaitMs: number;
}

/** Delay after the deadline at which the ingress ends a request whose worker did not. */
const deadlineGraceMs = 2000;

/** Drives one request: passes events to `step`, and its commands to the parts that carry them out. */
export function createExchange(needs: ExchangeNeeds, request: ExchangeRequest, listener: ExchangeListener): Exchange {
  const { submitter, accountLost, onError } = needs;
  const { job, body } = request;
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<FailureFacts>();
  const longestMs = request.remainingMs + deadlineGraceMs;
  const first = firstState({ ...job, deadlineAt: Math.round(request.deadlineAt) });
  const on: (event: ExchangeEvent) => void = createStepLoop({ first, carryOut, onError });
  const client = createClientSide(
    { body, stream: job.stream, accountLost, protocol: request.native?.protocol },
    listener,
  );
  const queue = createRunQueue({ submitter, request, keepMs: longestMs, on, onError });
  const worker = createWorkerSide(needs, job.requestId, on);
  const timers = createTimers(longestMs, on);

  /** Carries out a command. Returns the event that results from it at once, if there is one. */
  function carryOut(command: ExchangeCommand, state: ExchangeState): ExchangeEvent | undefined {
    switch (command.kind) {
      case 'decide_rerun':
        return client.afterRun(command.ending, state);
      case 'store':
      case 'resubmit':
      case 'take_back':
      case 'withdraw':
      case 'watch_queue':
      case 'leave_queue':
        queue.carryOut(command, state);
        break;
      case 'expect':
      case 'watch_worker':
      case 'tell':
      case 'ask':
      case 'stop_asking':
        worker.carryOut(command, state);
        break;
      case 'start_timer':
        timers.start(command);
        break;
      case 'finish':
        timers.close();
        worker.close();
        queue.close(state, command.isWithdrawn);
        resolveEnded(command.facts ?? client.spent(state));
        break;
      default:
        client.carryOut(command, state);
    }
    return undefined;
  }

  return {
    submit() {
      on({ kind: 'submit' });
      return queue.submitted;
    },
    pause: () => on({ kind: 'pause' }),
    resume: () => on({ kind: 'resume' }),
    fail: (code) => on({ kind: 'fail', code }),
    requeue: () => on({ kind: 'redis_restored' }),
    sentAt: worker.sentAt,
    cancel: () => on({ kind: 'cancel' }),
    ended,
  };
}
