import type { ChatJob, ErrorCode } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';
import { createClientSide, type ExchangeListener } from './client-side.ts';
import type { ExchangeCommand, ExchangeEvent, ExchangeState, FailureFacts } from './exchange-events.ts';
import { firstState } from './exchange-state.ts';
import { createRunQueue } from './run-queue.ts';
import { createStepLoop } from './step-loop.ts';
import { createTimers } from './timers.ts';
import { createWorkerSide, type WorkerSideNeeds } from './worker-side.ts';

export type { FailureFacts } from './exchange-events.ts';
export type { ExchangeListener } from './client-side.ts';

/**
 * One request on its way through queue and worker, over all its runs. The ingress alone decides on another run: it
 * alone knows what its client has received.
 */
export interface Exchange {
  /** Stores and queues the request. Rejects with a GatewayError when that fails; then no listener is called. */
  submit(): Promise<void>;
  /** Holds the worker back while the client does not keep up. */
  pause(): void;
  resume(): void;
  /** Ends the request with this error, unless the client has been told of another end. */
  fail(code: ErrorCode): void;
  /** Redis may have lost data: looks for the run, and queues it once more if no worker has begun it. */
  requeue(): void;
  /** The answer is not wanted any more. Afterwards only `ended` follows. */
  cancel(): void;
  /**
   * Resolves when no worker works on this request any more: its place may go to another. Never rejects. Resolves to the
   * calls and events that are known, at least one call if a run may have made one.
   */
  readonly ended: Promise<FailureFacts>;
}

export interface ExchangeNeeds extends WorkerSideNeeds {
  readonly submitter: Submitter;
}

export interface ExchangeRequest {
  readonly job: ChatJob;
  readonly body: Buffer;
  /** ms since 1970 on the Redis clock. */
  readonly deadlineAt: number;
  /** Until then, in ms. */
  readonly remainingMs: number;
  /** Maximum time that a run may lie in the queue, in ms. */
  readonly queueWaitMs: number;
}

/** The worker keeps the deadline; the ingress steps in this much later, should it not. */
const deadlineGraceMs = 2000;

/** Drives one request: has the commands of `step` carried out. The reasons are in `exchange-state.ts`. */
export function createExchange(needs: ExchangeNeeds, request: ExchangeRequest, listener: ExchangeListener): Exchange {
  const { submitter, onError } = needs;
  const { job, body } = request;
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<FailureFacts>();
  const longestMs = request.remainingMs + deadlineGraceMs;
  const first = firstState({ ...job, deadlineAt: Math.round(request.deadlineAt) });
  const on: (event: ExchangeEvent) => void = createStepLoop({ first, carryOut, onError });
  const client = createClientSide({ body, stream: job.stream }, listener);
  const queue = createRunQueue({ submitter, request, keepMs: longestMs, on, onError });
  const worker = createWorkerSide(needs, job.requestId, on);
  const timers = createTimers(longestMs, on);

  /** Carries out a command; returns the event that answers it at once. */
  function carryOut(command: ExchangeCommand, state: ExchangeState): ExchangeEvent | undefined {
    switch (command.kind) {
      case 'find_continuation':
        return client.afterRun(command.ending);
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
    cancel: () => on({ kind: 'cancel' }),
    ended,
  };
}
