import {
  type Answered,
  type ChatJob,
  type Delivered,
  type End,
  type ErrorCode,
  errorTable,
  type Frame,
  GatewayError,
  type Holds,
  type RetryState,
} from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';
import { isRedisUnavailable } from '@sluice/redis';
import type { Inbox, MailboxWriter, Roster } from '@sluice/relay';
import { createInquiry } from './inquiry.ts';
import { createQueueWatch } from './queue-watch.ts';
import { createRescue } from './rescue.ts';
import { createRuns } from './runs.ts';
import { createWorkerLink } from './worker-link.ts';
import { readClaimReport, readReport } from './worker-report.ts';
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
  /** Redis may have lost data: what no worker has begun is queued once more, what is lost of a run is found out. */
  requeue(): void;
  /** The answer is not wanted any more. Afterwards only `ended` follows. */
  cancel(): void;
  /**
   * Resolves when no worker works on this request any more: its place may go to another. Never rejects. Gives
   * what the worker said of a failed or cancelled run.
   */
  readonly ended: Promise<FailureFacts | undefined>;
}

/**
 * What comes of the request. Exactly one of `onEnd` and `onError` is called, unless it is cancelled first. A listener that
 * throws in `onEnd` is told of an `internal_error` as well: its client must hear something.
 */
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
  /** Everybody who may have claimed a run. */
  readonly roster: Pick<Roster, 'members'>;
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

interface Rerun {
  readonly delayMs: number;
  readonly state: RetryState;
  /** Why. */
  readonly error: GatewayError;
}

export function createExchange(needs: ExchangeNeeds, request: ExchangeRequest, listener: ExchangeListener): Exchange {
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<FailureFacts | undefined>();
  const { requestId } = request.job;
  const longestMs = request.remainingMs + deadlineGraceMs;
  let phase: Phase = 'new';
  const runs = createRuns({
    submitter: needs.submitter,
    first: request.job,
    body: request.body,
    deadlineAt: request.deadlineAt,
    keepMs: longestMs,
  });
  const worker = createWorkerLink({ ...needs, requestId, onLost: onWorkerLost });
  const inquiry = createInquiry({ ...needs, requestId, onDisclaimed, onSilence });
  const rescue = createRescue({ body: request.body, stream: request.job.stream });
  /** The client does not keep up. */
  let isHeld = false;
  let hasLostRun = false;
  /** The worker that ends a request removes its record. */
  let isForgotten = false;
  let attempts = 0;
  /** Chunks that the client had when the latest run began. */
  let deliveredBefore = 0;
  let timer: NodeJS.Timeout | undefined;

  const deadline = setTimeout(() => fail('upstream_timeout'), longestMs);
  const inQueue = createQueueWatch({
    submitter: needs.submitter,
    waitMs: request.queueWaitMs,
    onTimeout: () => fail('queue_timeout'),
    onLost: lookForRun,
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
    onClaimKnown(frame) {
      const report = readClaimReport(frame);
      if (report.kind === 'disclaims') inquiry.disclaimed(report.workerId);
      else onHolds(report);
    },
  });

  function onFrame(frame: Frame): void {
    if (frame.kind === 'data') return onData(frame.data);
    const report = readReport(frame);
    switch (report?.kind) {
      case 'started':
        return onStarted(report.workerId);
      case 'answered':
        return onAnswered(report.answered);
      case 'end':
        isForgotten = true;
        return conclude(() => listener.onEnd(report.end));
      case 'error':
        isForgotten = true;
        return conclude(() => listener.onError(rescue.brokenOff(report.error), report.facts), report.facts);
      case 'retry':
        return onRetry(report);
      case undefined:
    }
  }

  const isClosing = (): boolean => phase === 'over' || phase === 'cancelling';

  const tellWorker = (kind: 'cancel' | 'pause' | 'resume'): void => worker.tell(kind, runs.latest.epoch);

  const facts = (): FailureFacts => ({ attempts, events: rescue.chunks() });

  function onStarted(id: string): void {
    worker.attach(id);
    inquiry.stop();
    if (phase === 'cancelling') return tellWorker('cancel');
    inQueue.stop();
    phase = 'running';
    if (isHeld) tellWorker('pause');
    listener.onStarted(id);
  }

  function onAnswered(answered: Answered): void {
    ({ attempts } = answered);
    if (answered.continuations !== undefined) rescue.continued(answered.continuations);
    if (phase === 'running') listener.onAnswered(answered);
  }

  function onData(text: string): void {
    if (phase !== 'running') return;
    rescue.deliver(text);
    listener.onData(text);
  }

  function onRetry(rerun: Rerun): void {
    if (phase !== 'running') return conclude(() => undefined);
    ({ attempts } = rerun.state);
    goOn(rerun);
  }

  function onWorkerLost(): void {
    if (phase === 'cancelling') return conclude(() => undefined);
    if (phase === 'running' || phase === 'queued') loseRun('worker_lost');
  }

  /** Frames are missing: the run goes on at its worker, and can't be used. */
  function onGap(): void {
    if (phase !== 'running' && phase !== 'queued') return fail('relay_gap');
    tellWorker('cancel');
    loseRun('relay_gap');
  }

  /**
   * A worker has the latest run, or had it. All frames that it sent before have come by now, or never will: what is
   * missing was in Redis when that lost its data.
   */
  function onHolds({ workerId, isOver, sent }: Holds): void {
    inquiry.stop();
    if (phase !== 'queued' && phase !== 'running') return;
    worker.attach(workerId);
    const hasLostNothing = sent === subscription.nextSeq;
    if (hasLostNothing && !isOver) return;
    if (phase === 'queued' && sent === 1 && !isOver) {
      // Only `started` is missing, and this says the same.
      subscription.expect(runs.latest.epoch, 1);
      return onStarted(workerId);
    }
    tellWorker('cancel');
    loseRun('relay_gap');
  }

  /** No worker has the latest run, nor will one begin it: another run takes its place as if it had never been queued. */
  function onDisclaimed(): void {
    if (phase !== 'queued') return;
    worker.detach();
    runs.replace();
    subscription.expect(runs.latest.epoch);
    queueAgain().catch(needs.onError);
  }

  /** Somebody may have the run and can't say so: it counts as an attempt. A worker that is known is watched anyway. */
  function onSilence(): void {
    if (phase === 'queued' && !worker.isAttached) loseRun('worker_lost');
  }

  /** A run is lost without its worker's word. That happens to a request once. */
  function loseRun(code: 'worker_lost' | 'relay_gap'): void {
    const error = new GatewayError(code);
    if (hasLostRun) return conclude(() => listener.onError(rescue.brokenOff(error), facts()));
    hasLostRun = true;
    // The lost run may have called an upstream.
    const { state } = runs.latest;
    const burntTokens = state.burntTokens + rescue.chunks() - deliveredBefore;
    goOn({ delayMs: 0, state: { ...state, attempts: state.attempts + 1, burntTokens }, error });
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

  function rerun({ delayMs, state, error }: Rerun, delivered: Delivered | undefined): void {
    worker.detach();
    inQueue.stop();
    inquiry.stop();
    phase = 'between-runs';
    runs.begin({ state, delivered });
    subscription.expect(runs.latest.epoch);
    timer = setTimeout(() => {
      listener.onRerun(error.code, delivered !== undefined);
      queueAgain().catch((cause: unknown) => {
        needs.onError(cause);
        conclude(() => listener.onError(rescue.brokenOff(notQueued(cause)), facts()));
      });
    }, delayMs);
  }

  async function queueAgain(): Promise<void> {
    phase = 'queued';
    const { latest } = runs;
    inQueue.start(latest);
    const found = await runs.resubmit();
    if (found === 'gone' && !isClosing()) await store();
    else if (found === 'unknown') inquire(latest);
  }

  async function store(): Promise<void> {
    const { latest } = runs;
    if ((await runs.submit()) === 'unknown') inquire(latest);
  }

  function inquire(run: ChatJob, workerId?: string): void {
    if (phase === 'queued' && runs.latest === run && !inquiry.isOpen) inquiry.start(run.epoch, workerId);
  }

  /**
   * The run has not been heard of, and may be lost. It is queued anew if no worker has it and none can get it: as Redis
   * says, if that has seen all that became of it, else as all workers say.
   */
  async function findRun(): Promise<void> {
    const sought = runs.latest;
    const isStillQueued = (): boolean => phase === 'queued' && runs.latest === sought;
    if (!isStillQueued() || worker.isAttached || inquiry.isOpen) return;
    const found = await runs.takeBack();
    if (!isStillQueued() || worker.isAttached || inquiry.isOpen) return;
    switch (found.kind) {
      case 'claimed':
        worker.attach(found.workerId);
        return inquire(sought, found.workerId);
      case 'taken_back':
        return onDisclaimed();
      case 'unknown':
        return inquire(sought);
    }
  }

  function lookForRun(): void {
    findRun().catch(needs.onError);
  }

  /** Ends the request from this side: the client is told now, the worker's confirmation is awaited behind it. */
  function fail(code: ErrorCode): void {
    if (isClosing()) return;
    const error = new GatewayError(code, { retryAfterMs: errorTable[code].status === 503 ? 1000 : undefined });
    try {
      listener.onError(rescue.brokenOff(error), facts());
    } finally {
      cancel();
    }
  }

  function cancel(): void {
    if (isClosing()) return;
    const before = phase;
    phase = 'cancelling';
    inQueue.stop();
    inquiry.stop();
    clearTimeout(timer);
    if (before === 'new' || before === 'between-runs') return conclude(() => undefined);
    timer = setTimeout(() => conclude(() => undefined), confirmMs);
    if (before === 'running') return tellWorker('cancel');
    runs
      .withdraw()
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
    inquiry.stop();
    clearTimeout(timer);
    clearTimeout(deadline);
    subscription.close();
    worker.detach();
    if (!isForgotten) runs.withdraw().catch(needs.onError);
    resolveEnded(reported);
    if (!isHeard) return;
    try {
      tell();
    } catch (cause) {
      needs.onError(cause);
      listener.onError(new GatewayError('internal_error', { cause }), facts());
    }
  }

  return {
    async submit() {
      phase = 'queued';
      subscription.expect(runs.latest.epoch);
      inQueue.start(runs.latest);
      try {
        await store();
      } catch (cause) {
        conclude(() => undefined);
        throw notQueued(cause);
      }
    },
    pause() {
      isHeld = true;
      tellWorker('pause');
    },
    resume() {
      isHeld = false;
      tellWorker('resume');
    },
    fail,
    requeue() {
      if (phase === 'queued') lookForRun();
      if (phase === 'running' && !inquiry.isOpen) inquiry.start(runs.latest.epoch, worker.id);
    },
    cancel,
    ended,
  };
}

/** What to tell of a run that could not be queued. */
const notQueued = (cause: unknown): GatewayError =>
  isRedisUnavailable(cause)
    ? new GatewayError('redis_unavailable', { retryAfterMs: 1000, cause })
    : new GatewayError('internal_error', { cause });
