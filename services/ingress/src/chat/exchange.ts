import {
  type Answered,
  answeredSchema,
  type ChatJob,
  type Delivered,
  type End,
  endSchema,
  type ErrorCode,
  errorTable,
  failedSchema,
  type Frame,
  fromWireError,
  GatewayError,
  type RetryState,
  retrySchema,
  startedSchema,
} from '@sluice/protocol';
import type { Submission, Submitter } from '@sluice/queue';
import { isRedisUnavailable } from '@sluice/redis';
import type { Inbox, MailboxWriter } from '@sluice/relay';
import { createQueueWatch } from './queue-watch.ts';
import { createRescue } from './rescue.ts';
import { createWorkerLink } from './worker-link.ts';
import type { WorkerWatch } from './worker-watch.ts';

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
  /** Ends it with this error, as far as the client has not been told of another end. */
  fail(code: ErrorCode): void;
  /** Redis has lost its data: what no worker has begun is queued once more. */
  requeue(): void;
  /** The answer is not wanted any more. Afterwards only `ended` follows. */
  cancel(): void;
  /**
   * Resolves when no worker works on this request any more: its place may go to another. Never rejects. Gives
   * what the worker said of a failed or cancelled run.
   */
  readonly ended: Promise<FailureFacts | undefined>;
}

/** What comes of the request. Exactly one of `onEnd` and `onError` is called, unless it is cancelled first. */
export interface ExchangeListener {
  onStarted(workerId: string): void;
  onAnswered(answered: Answered): void;
  onData(text: string): void;
  onEnd(end: End): void;
  onError(error: GatewayError, facts: FailureFacts): void;
  /** The request goes into the queue once more, because of this error; `isRescue` if the client has part of an answer. */
  onRerun(reason: ErrorCode, isRescue: boolean): void;
}

export interface FailureFacts {
  /** Upstream calls made. */
  readonly attempts: number;
  /** Upstream events that the client got before. */
  readonly events: number;
}

export interface ExchangeNeeds {
  readonly inbox: Inbox;
  readonly submitter: Submitter;
  readonly writer: MailboxWriter;
  readonly workers: WorkerWatch;
  readonly onError: (error: unknown) => void;
}

export interface ExchangeRequest {
  readonly job: ChatJob;
  readonly body: Buffer;
  /** ms since 1970 on the Redis clock. */
  readonly deadlineAt: number;
  /** Until then, in ms. */
  readonly remainingMs: number;
  /** How long a run may lie in the queue, in ms. */
  readonly queueWaitMs: number;
}

/** The worker keeps the deadline; the ingress steps in this much later, should it not. */
const deadlineGraceMs = 2000;
/** How long a cancelled worker may take to confirm that its upstream call is closed. */
const confirmMs = 2000;

type Phase = 'new' | 'queued' | 'running' | 'between-runs' | 'cancelling' | 'over';

export function createExchange(needs: ExchangeNeeds, request: ExchangeRequest, listener: ExchangeListener): Exchange {
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<FailureFacts | undefined>();
  const { requestId } = request.job;
  let job = request.job;
  let phase: Phase = 'new';
  const worker = createWorkerLink({ ...needs, requestId, onLost: onWorkerLost });
  const rescue = createRescue({ body: request.body, stream: request.job.stream });
  let hasLostRun = false;
  /** The worker that ends a request removes its record. */
  let isForgotten = false;
  let attempts = 0;
  /** Chunks that the client had when the latest run began. */
  let deliveredBefore = 0;
  /** What the latest run was given to go on from. */
  let queuedWith: Delivered | undefined;
  let timer: NodeJS.Timeout | undefined;
  const endsAt = performance.now() + request.remainingMs + deadlineGraceMs;

  const deadline = setTimeout(() => fail('upstream_timeout'), request.remainingMs + deadlineGraceMs);
  const inQueue = createQueueWatch({
    submitter: needs.submitter,
    waitMs: request.queueWaitMs,
    onTimeout: () => fail('queue_timeout'),
    onLost: () => void replaceRun().catch(needs.onError),
    onError: needs.onError,
  });
  const subscription = needs.inbox.subscribe(requestId, {
    onFrame(frame) {
      try {
        if (phase !== 'over') onFrame(frame);
      } catch (error) {
        needs.onError(error);
        fail('internal_error');
      }
    },
    onGap,
  });

  function onFrame(frame: Frame): void {
    switch (frame.kind) {
      case 'started':
        return onStarted(startedSchema.parse(JSON.parse(frame.data)).workerId);
      case 'answered': {
        const answered = answeredSchema.parse(JSON.parse(frame.data));
        attempts = answered.attempts;
        if (phase === 'running') listener.onAnswered(answered);
        return;
      }
      case 'data':
        if (phase !== 'running') return;
        rescue.deliver(frame.data);
        return listener.onData(frame.data);
      case 'end': {
        const end = endSchema.parse(JSON.parse(frame.data));
        isForgotten = true;
        return conclude(() => listener.onEnd(end));
      }
      case 'error': {
        const failed = failedSchema.parse(JSON.parse(frame.data));
        isForgotten = true;
        const error = rescue.brokenOff(fromWireError(failed.error));
        return conclude(() => listener.onError(error, failed), failed);
      }
      case 'retry':
        return onRetry(frame.data);
      default:
    }
  }

  const isClosing = (): boolean => phase === 'over' || phase === 'cancelling';

  const facts = (): FailureFacts => ({ attempts, events: rescue.chunks() });

  function onStarted(id: string): void {
    worker.attach(id);
    if (phase === 'cancelling') return worker.tell('cancel', job.epoch);
    inQueue.stop();
    phase = 'running';
    listener.onStarted(id);
  }

  function onRetry(payload: string): void {
    if (phase !== 'running') return conclude(() => undefined);
    const { delayMs, state, error } = retrySchema.parse(JSON.parse(payload));
    attempts = state.attempts;
    goOn({ delayMs, state, error: fromWireError(error) });
  }

  function onWorkerLost(): void {
    if (phase === 'cancelling') return conclude(() => undefined);
    if (phase === 'running' || phase === 'queued') loseRun('worker_lost');
  }

  /** Frames are missing: the run goes on at its worker, and can't be used. */
  function onGap(): void {
    if (phase !== 'running') return fail('relay_gap');
    worker.tell('cancel', job.epoch);
    loseRun('relay_gap');
  }

  /** A run is lost without its worker's word. That happens to a request once. */
  function loseRun(code: 'worker_lost' | 'relay_gap'): void {
    const error = new GatewayError(code);
    if (hasLostRun) return conclude(() => listener.onError(rescue.brokenOff(error), facts()));
    hasLostRun = true;
    // The lost run may have called an upstream.
    const { attempts: before, burntTokens } = job.state;
    const lostTokens = rescue.chunks() - deliveredBefore;
    goOn({
      delayMs: 0,
      state: { ...job.state, attempts: before + 1, burntTokens: burntTokens + lostTokens },
      error,
    });
  }

  /** Another run, if what the client has allows for one. */
  function goOn(next: Rerun): void {
    const continuation = rescue.after(next.error);
    switch (continuation.kind) {
      case 'complete': {
        const { finishReason } = continuation;
        const { burntTokens } = next.state;
        return conclude(() => listener.onEnd({ events: rescue.chunks(), finishReason, burntTokens }));
      }
      case 'over':
        return conclude(() => listener.onError(continuation.error, facts()), facts());
      case 'rerun':
        deliveredBefore = rescue.chunks();
        return rerun(next, continuation.delivered);
    }
  }

  interface Rerun {
    readonly delayMs: number;
    readonly state: RetryState;
    /** Why. */
    readonly error: GatewayError;
  }

  function rerun({ delayMs, state, error }: Rerun, delivered: Delivered | undefined): void {
    worker.detach();
    inQueue.stop();
    phase = 'between-runs';
    job = { ...job, epoch: job.epoch + 1, state };
    subscription.expect(job.epoch);
    timer = setTimeout(() => {
      listener.onRerun(error.code, delivered !== undefined);
      queueAgain(delivered).catch(notQueued);
    }, delayMs);
  }

  function notQueued(cause: unknown): void {
    needs.onError(cause);
    const error = isRedisUnavailable(cause) ? redisAway(cause) : new GatewayError('internal_error', { cause });
    conclude(() => listener.onError(rescue.brokenOff(error), facts()));
  }

  async function queueAgain(delivered: Delivered | undefined): Promise<void> {
    phase = 'queued';
    queuedWith = delivered;
    inQueue.start(job);
    const isThere = await needs.submitter.resubmit({ job, delivered });
    if (!isThere && !isClosing()) await needs.submitter.submit(submission(delivered));
  }

  const submission = (delivered?: Delivered): Submission => ({
    job,
    body: request.body,
    deadlineAt: request.deadlineAt,
    ttlMs: Math.max(1, endsAt - performance.now()),
    delivered,
  });

  /** Queues the run anew, unless a worker has claimed it: then that one is watched as if it had said so. */
  async function replaceRun(): Promise<void> {
    if (phase !== 'queued' || worker.isAttached) return;
    const next = { ...job, epoch: job.epoch + 1 };
    const claimedBy = await needs.submitter.takeBack(next);
    if (isClosing() || phase !== 'queued' || job.epoch >= next.epoch) return;
    if (claimedBy !== undefined) return worker.attach(claimedBy);
    job = next;
    subscription.expect(job.epoch);
    await queueAgain(queuedWith);
  }

  /** Ends the request from this side: the client is told now, the worker's confirmation is awaited behind it. */
  function fail(code: ErrorCode): void {
    if (isClosing()) return;
    const error = new GatewayError(code, { retryAfterMs: errorTable[code].status === 503 ? 1000 : undefined });
    listener.onError(rescue.brokenOff(error), facts());
    cancel();
  }

  function cancel(): void {
    if (isClosing()) return;
    const before = phase;
    phase = 'cancelling';
    inQueue.stop();
    clearTimeout(timer);
    if (before === 'new' || before === 'between-runs') return conclude(() => undefined);
    timer = setTimeout(() => conclude(() => undefined), confirmMs);
    if (before === 'running') return worker.tell('cancel', job.epoch);
    needs.submitter
      .withdraw(job)
      .then((isClaimed) => {
        // Claimed a moment ago: its `started` is under way and will be answered with a cancel.
        if (!isClaimed) conclude(() => undefined);
      })
      .catch(needs.onError);
  }

  /** The end of it, whatever it was. `tell` is heard only if the client has not been told before. */
  function conclude(tell: () => void, reported?: FailureFacts): void {
    if (phase === 'over') return;
    const isHeard = phase !== 'cancelling';
    phase = 'over';
    inQueue.stop();
    clearTimeout(timer);
    clearTimeout(deadline);
    subscription.close();
    worker.detach();
    if (!isForgotten) needs.submitter.withdraw(job).catch(needs.onError);
    resolveEnded(reported);
    if (isHeard) tell();
  }

  return {
    async submit() {
      phase = 'queued';
      subscription.expect(job.epoch);
      inQueue.start(job);
      try {
        await needs.submitter.submit(submission());
      } catch (error) {
        const cause = isRedisUnavailable(error)
          ? redisAway(error)
          : new GatewayError('internal_error', { cause: error });
        conclude(() => undefined);
        throw cause;
      }
    },
    pause: () => worker.tell('pause', job.epoch),
    resume: () => worker.tell('resume', job.epoch),
    fail,
    requeue() {
      replaceRun().catch(needs.onError);
    },
    cancel,
    ended,
  };
}

const redisAway = (cause: unknown): GatewayError =>
  new GatewayError('redis_unavailable', { retryAfterMs: 1000, cause });
