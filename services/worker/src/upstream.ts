import type { ResponseHead, UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody, ProviderAdapter } from '@sluice/providers';
import type { Call, CallListener, UpstreamClient } from '@sluice/upstream';
import type { AnswerSink } from './answer/answer-sink.ts';
import {
  type AttemptCommand,
  type AttemptEvent,
  beginAttempt,
  type Ending,
  stepAttempt,
  wakeAt,
} from './upstream/attempt-state.ts';
import { createAnswerReader } from './upstream/read-answer.ts';

/** The result of one attempt at one target. */
export type AttemptResult = Ending & {
  /** Upstream events that were passed on. */
  readonly events: number;
  /** Upstream events that came, including those that the client has from an earlier attempt. */
  readonly received: number;
  /** The request went out twice: its first connection had been closed before. */
  readonly wasResent: boolean;
};

export interface AttemptOptions {
  readonly client: Pick<UpstreamClient, 'call' | 'tell'>;
  readonly adapter: ProviderAdapter;
  readonly request: UpstreamRequest;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly sink: AnswerSink;
  readonly signal: AbortSignal;
  /** Calls back when reading must stop or may go on. */
  readonly onHold: (listener: (isHeld: boolean) => void) => void;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  /** For an answer in one piece, from the call to its last byte; Infinity: until the deadline. */
  readonly wholeMs: number;
  /** Until the request's deadline. */
  readonly remainingMs: number;
  readonly maxEventBytes: number;
  readonly maxBodyBytes: number;
  /** Called with the milliseconds between two pieces of a stream. */
  readonly onGap: (gapMs: number) => void;
  readonly onHead: (head: ResponseHead) => void;
  /** Called once, with the error that an adapter or a filter threw. */
  readonly onThrow: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** After its last event an upstream may take this long to end its answer, so that the connection can be used again. */
const lingerMs = 1000;

/** A whole answer whose JSON is complete is taken after so much silence, though its body has not ended. */
const wholeQuietMs = 1000;

/** Timers of Node hold no more than 31 bits. */
const longestTimerMs = 2 ** 31 - 1;

/** Makes one call and passes its answer on. Settles once; never rejects, whatever an adapter throws. */
export function attempt(options: AttemptOptions): Promise<AttemptResult> {
  const { client, signal, now, onThrow } = options;
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  let state = beginAttempt({ ...options, asksStream: options.plan.stream }, now());
  let call: Call | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let wholeTimer: NodeJS.Timeout | undefined;
  let wasResent = false;
  const reader = createAnswerReader({ ...options, state: () => state, dispatch, guard });

  function dispatch(event: AttemptEvent): void {
    const step = stepAttempt(state, event);
    ({ state } = step);
    step.commands.forEach(run);
    watch();
  }

  /** An error thrown inside ends the attempt: undici would swallow it. */
  function guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      fallOver(error);
    }
  }

  function fallOver(error: unknown): void {
    onThrow(error);
    dispatch({ kind: 'threw' });
  }

  /** One timer looks at the state now and then, so that a token costs no timer of its own. */
  function watch(): void {
    if (state.isOver) return clearTimeout(timer);
    const at = wakeAt(state);
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(look, Math.min(longestTimerMs, Math.max(0, at - now())));
  }

  function look(): void {
    timerAt = Number.POSITIVE_INFINITY;
    guard(() => dispatch({ kind: 'tick', at: now() }));
  }

  function run(command: AttemptCommand): void {
    switch (command.kind) {
      case 'pause':
        return call?.pause();
      case 'resume':
        return call?.resume();
      case 'listen':
        return options.onHold((isHeld) => guard(() => dispatch({ kind: 'held', by: 'client', isHeld, at: now() })));
      case 'end_stream':
        return reader.endStream(command.otherwise);
      case 'read_whole':
        return reader.readWhole();
      case 'read_error':
        return reader.readError();
      case 'settle':
        return settle(command.ending);
      case 'hang_up':
        return hangUp();
      case 'linger':
        setTimeout(() => call?.abort(), lingerMs).unref();
    }
  }

  function settle(ending: Ending): void {
    clearTimeout(wholeTimer);
    signal.removeEventListener('abort', onAbort);
    options.onHold(() => undefined);
    resolve({ ...ending, ...reader.counts(), wasResent });
  }

  function hangUp(): void {
    call?.abort();
    try {
      const request = reader.toCancel();
      if (request !== undefined) client.tell(request);
    } catch (error) {
      onThrow(error);
    }
  }

  /** A whole answer may be there although its body does not end: the length was wrong, or the last chunk is missing. */
  function expectEndOf(piece: string): void {
    if (state.reading !== 'whole') return;
    clearTimeout(wholeTimer);
    if (state.isOver || !piece.trimEnd().endsWith('}')) return;
    wholeTimer = setTimeout(() => guard(() => void reader.takeWholeSoFar()), wholeQuietMs);
  }

  const onAbort = (): void => guard(() => dispatch({ kind: 'aborted' }));

  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  else guard(reader.open);
  if (state.isOver) return promise;
  watch();
  const listener: CallListener = {
    onResend: () => void (wasResent = true),
    onHead: (head) =>
      guard(() => {
        reader.onHead(head);
        options.onHead(head);
        dispatch({ kind: 'head', isSuccess: head.status >= 200 && head.status < 300, at: now() });
      }),
    onText(piece) {
      // As `guard` does, without a closure for each piece.
      try {
        reader.onText(piece);
        expectEndOf(piece);
      } catch (error) {
        fallOver(error);
      }
    },
    onEnd: () => guard(reader.onEnd),
    onFailure: (failure, isCut) =>
      guard(() => {
        if (!isCut || !reader.takeWholeSoFar()) dispatch({ kind: 'broke', failure });
      }),
  };
  // `hang_up` aborts it: with the signal, client and attempt would both listen.
  call = client.call(options.request, listener);
  return promise;
}
