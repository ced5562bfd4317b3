import type { Answered, ChatBody, ResponseHead, UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ProviderAdapter } from '@sluice/providers';
import type { Call, UpstreamClient } from '@sluice/upstream';
import type { AnswerSink } from './answer/answer-sink.ts';
import type { AttemptResult, Ending } from './attempt/attempt-result.ts';
import { createAttemptMachine } from './upstream/attempt-machine.ts';
import type { AttemptCommand } from './upstream/attempt-events.ts';
import { type Arrival, createAnswerReader } from './upstream/read-answer.ts';

export interface UpstreamCallOptions {
  readonly client: Pick<UpstreamClient, 'call' | 'tell'>;
  readonly adapter: ProviderAdapter;
  readonly request: UpstreamRequest;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly sink: AnswerSink;
  readonly signal: AbortSignal;
  /** Calls back when reading must stop or may resume. */
  readonly onHold: (listener: (isHeld: boolean) => void) => void;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  /** Time limit of a whole (not streamed) answer, from the call to its last byte; Infinity: until the deadline. */
  readonly wholeMs: number;
  /** Milliseconds until the request's deadline. */
  readonly remainingMs: number;
  readonly maxEventBytes: number;
  readonly maxBodyBytes: number;
  /** Called with the milliseconds between two pieces of a stream. */
  readonly onGap: (gapMs: number) => void;
  readonly onHead: (head: ResponseHead) => void;
  /** Called once, with the error that an adapter or a filter threw. */
  readonly onThrow: (error: unknown) => void;
  /** Returns the tokens of the prompt, for the report that the answer begins. */
  readonly prompt?: () => Answered['prompt'];
  /** Called once, right before the call, with a function that returns what has arrived by now. */
  readonly onCalled?: (arrival: () => Arrival) => void;
  /** Called once, right before the result, if a call was made: what has arrived until the end. */
  readonly onSettled?: (arrival: Arrival) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Time for an upstream to end its answer after the last event, so that the connection can be reused. */
const lingerMs = 1000;

/** Makes one call and passes its answer on. Settles once; never rejects, whatever an adapter throws. */
export function callUpstream(options: UpstreamCallOptions): Promise<AttemptResult> {
  const { client, signal, now, onThrow, firstTokenMs, idleMs, wholeMs, remainingMs } = options;
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  const asksStream = options.plan.stream;
  const limits = { asksStream, firstTokenMs, idleMs, wholeMs, remainingMs, now, onThrow };
  const machine = createAttemptMachine(limits, carryOut);
  const reader = createAnswerReader(options, machine);
  const abort = (): void => machine.guard(() => machine.dispatch({ kind: 'aborted' }));
  // The part of the answer that has arrived by now is read and billed first: the whole next turn of the event loop is for it.
  const onAbort = (): void => void setImmediate(() => setImmediate(abort));
  let call: Call | undefined;
  let wasResent = false;
  let isCalled = false;

  function carryOut(command: AttemptCommand): void {
    switch (command.kind) {
      case 'pause':
        return call?.pause();
      case 'resume':
        return call?.resume();
      case 'listen':
        return options.onHold((isHeld) =>
          machine.guard(() => machine.dispatch({ kind: 'held', by: 'client', isHeld, at: now() })),
        );
      case 'end_stream':
        return reader.endStream(command.otherwise);
      case 'read_whole':
        return reader.readWhole();
      case 'take_whole':
        return reader.takeWhole(command.otherwise);
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
    signal.removeEventListener('abort', onAbort);
    options.onHold(() => undefined);
    if (isCalled) options.onSettled?.(reader.arrival());
    resolve({ ...ending, ...reader.counts(), wasResent, wasCalled: true, isTokenRefused: false });
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

  signal.addEventListener('abort', onAbort);
  if (signal.aborted) abort();
  else machine.guard(reader.open);
  if (machine.state.isOver) return promise;
  machine.watch();
  // The command `hang_up` aborts the call; a signal would make client and attempt both listen.
  isCalled = true;
  options.onCalled?.(reader.arrival);
  call = client.call(options.request, {
    onResend: () => void (wasResent = true),
    onHead: (head) =>
      machine.guard(() => {
        reader.onHead(head);
        options.onHead(head);
        machine.dispatch({ kind: 'head', isSuccess: head.status >= 200 && head.status < 300, at: now() });
      }),
    onText(piece) {
      // As `guard` does, without a closure for each piece.
      try {
        reader.onText(piece);
      } catch (error) {
        machine.fallOver(error);
      }
    },
    onEnd: () => machine.guard(reader.onEnd),
    onFailure: (failure, isCut) => machine.guard(() => machine.dispatch({ kind: 'broke', failure, isCut })),
  });
  return promise;
}
