import { type Answered, type ChatJob, type End, type ErrorCode, type Frame, GatewayError } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';
import type { Inbox, MailboxWriter, Roster } from '@sluice/relay';
import type { ExchangeCommand, ExchangeEvent, FailureFacts } from './exchange-events.ts';
import { firstState, step } from './exchange-state.ts';
import { createInquiry } from './inquiry.ts';
import { createQueueWatch } from './queue-watch.ts';
import { createRescue } from './rescue.ts';
import { createRunQueue } from './run-queue.ts';
import { readClaimReport, readReport } from './worker-report.ts';
import type { WorkerWatch } from './worker-watch.ts';

export type { FailureFacts } from './exchange-events.ts';

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

/**
 * Hears the answer of a request. Exactly one of `onEnd` and `onError` is called, unless the request is cancelled first.
 * If `onEnd` throws, `onError` is called with an `internal_error` as well: the client must hear of an end.
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

export interface ExchangeNeeds {
  readonly inbox: Inbox;
  readonly submitter: Submitter;
  readonly writer: MailboxWriter;
  readonly workers: WorkerWatch;
  /** All workers that may have claimed a run. */
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
  /** Maximum time that a run may lie in the queue, in ms. */
  readonly queueWaitMs: number;
}

type TellCommand = Extract<ExchangeCommand, { kind: `tell_${string}` }>;

/** The worker keeps the deadline; the ingress steps in this much later, should it not. */
const deadlineGraceMs = 2000;

/** Carries out the commands of `step`. The reasons are in `exchange-state.ts`. */
export function createExchange(needs: ExchangeNeeds, request: ExchangeRequest, listener: ExchangeListener): Exchange {
  const { submitter, writer, workers, inbox, onError } = needs;
  const { requestId, stream } = request.job;
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<FailureFacts>();
  const longestMs = request.remainingMs + deadlineGraceMs;
  const queue = createRunQueue({ submitter, request, keepMs: longestMs, on, onError });
  const rescue = createRescue({ body: request.body, stream });
  const events: ExchangeEvent[] = [];
  let state = firstState({ ...request.job, deadlineAt: Math.round(request.deadlineAt) });
  let watched: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;

  const deadline = setTimeout(() => on({ kind: 'fail', code: 'upstream_timeout' }), longestMs);
  const inQueue = createQueueWatch({
    submitter,
    waitMs: request.queueWaitMs,
    onTimeout: () => on({ kind: 'fail', code: 'queue_timeout' }),
    onLost: () => on({ kind: 'not_found' }),
    onError,
  });
  const inquiry = createInquiry({
    requestId,
    roster: needs.roster,
    writer,
    onDisclaimed: () => on({ kind: 'disclaimed' }),
    onSilence: () => on({ kind: 'silence' }),
  });
  const subscription = inbox.subscribe(requestId, {
    onFrame: (frame) => hear(() => eventOf(frame)),
    onGap: () => on({ kind: 'gap' }),
    onClaimKnown: (frame) => hear(() => claimEventOf(frame)),
  });
  const onWorkerLost = (): void => on({ kind: 'worker_lost' });

  /** Takes an event. Events that come while commands are carried out wait for their turn. */
  function on(event: ExchangeEvent): void {
    events.push(event);
    if (isBusy) return;
    isBusy = true;
    try {
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        const { state: after, commands } = step(state, next);
        state = after;
        for (const command of commands) attempt(command);
      }
    } finally {
      isBusy = false;
    }
  }

  /** Carries out a command. An error that a listener throws does not stop the commands after it. */
  function attempt(command: ExchangeCommand): void {
    try {
      carryOut(command);
    } catch (cause) {
      onError(cause);
      const error = new GatewayError('internal_error', { cause });
      if (command.kind === 'tell_end') attempt({ kind: 'tell_error', error });
      else if (command.kind !== 'tell_error') events.push({ kind: 'fail', code: 'internal_error' });
    }
  }

  function hear(read: () => ExchangeEvent | undefined): void {
    if (state.phase === 'over') return;
    try {
      const event = read();
      if (event !== undefined) on(event);
    } catch (error) {
      onError(error);
      on({ kind: 'fail', code: 'internal_error' });
    }
  }

  function claimEventOf(frame: Frame): ExchangeEvent | undefined {
    const report = readClaimReport(frame);
    if (report.kind === 'holds') return { kind: 'holds', holds: report, received: subscription.nextSeq() };
    inquiry.disclaimed(report.workerId);
    return undefined;
  }

  const known = (): FailureFacts => ({ attempts: state.attempts, events: rescue.chunks() });
  /** The basis of the charge where no worker's report gives one: lost runs may have called an upstream. */
  const spent = (): FailureFacts => ({
    attempts: Math.max(state.attempts, state.job.state.attempts, state.mayHaveCalled ? 1 : 0),
    events: rescue.chunks(),
  });

  function carryOut(command: ExchangeCommand): void {
    switch (command.kind) {
      case 'store':
      case 'resubmit':
      case 'take_back':
      case 'withdraw':
        return queue.carryOut(command, state);
      case 'watch_queue':
        return inQueue.start(state.job);
      case 'leave_queue':
        return inQueue.stop();
      case 'expect':
        return subscription.expect(state.job.epoch, command.seq);
      case 'watch_worker':
        return watchWorker(command.workerId);
      case 'tell': {
        const { workerId, what } = command;
        writer.send(workerId, { requestId, epoch: state.job.epoch, seq: 0, kind: what, data: '' });
        return;
      }
      case 'ask':
        return inquiry.start(state.job.epoch, command.workerId);
      case 'stop_asking':
        return inquiry.stop();
      case 'find_continuation': {
        const { ending } = command;
        const continuation = rescue.after(ending.error);
        events.unshift({ kind: 'continuation', continuation, chunks: rescue.chunks(), ending });
        return;
      }
      case 'start_timer':
        clearTimeout(timer);
        timer = setTimeout(() => on(command.event), command.ms);
        return;
      case 'finish':
        return finish(command);
      default:
        return tellClient(command);
    }
  }

  function tellClient(command: TellCommand): void {
    switch (command.kind) {
      case 'tell_started':
        return listener.onStarted(command.workerId);
      case 'tell_answered': {
        const { answered } = command;
        if (answered.continuations !== undefined) rescue.continued(answered.continuations);
        return listener.onAnswered(answered);
      }
      case 'tell_data':
        rescue.deliver(command.text);
        return listener.onData(command.text);
      case 'tell_rerun':
        return listener.onRerun(command.reason, command.isRescue);
      case 'tell_end':
        return listener.onEnd(command.end);
      case 'tell_error':
        return listener.onError(rescue.brokenOff(command.error), command.facts ?? known());
    }
  }

  function watchWorker(workerId: string | undefined): void {
    if (workerId === watched) return;
    if (watched !== undefined) workers.remove(watched, onWorkerLost);
    watched = workerId;
    if (workerId !== undefined) workers.add(workerId, onWorkerLost);
  }

  function finish({ isWithdrawn, facts }: Extract<ExchangeCommand, { kind: 'finish' }>): void {
    inQueue.stop();
    inquiry.stop();
    clearTimeout(timer);
    clearTimeout(deadline);
    subscription.close();
    watchWorker(undefined);
    if (isWithdrawn) submitter.withdraw(state.job).catch(onError);
    resolveEnded(facts ?? spent());
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

function eventOf(frame: Frame): ExchangeEvent | undefined {
  return frame.kind === 'data' ? { kind: 'data', text: frame.data } : readReport(frame);
}
