import type { Framing, ResponseHead, UpstreamEvent, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import {
  type AnswerSummary,
  type CallPlan,
  type ChatBody,
  createChunkCollector,
  type ProviderAdapter,
  toChunks,
} from '@sluice/providers';
import type { Stitch } from '@sluice/rescue';
import { type Call, createEventReader, createSilenceTimer, type UpstreamClient } from '@sluice/upstream';

type Settled =
  | { readonly kind: 'complete'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'aborted' };

/** How one call to one upstream ended. */
export type AttemptResult = Settled & {
  /** Events that were passed on. */
  readonly events: number;
  /** Events that came, those included that the client has from an earlier call. */
  readonly received: number;
  /** False where it came to no call: the upstream itself has not been heard. Default true. */
  readonly wasCalled?: boolean;
  /** The request went out twice, since the first connection had been closed before. */
  readonly wasResent?: boolean;
};

/** Where an attempt's answer goes. */
export interface AnswerSink {
  /** The upstream has begun to answer; called once, before the first `data`. */
  onAnswer(): void;
  /** Text for the client. */
  data(text: string): void;
  /** Is the way to the client full? */
  isCongested(): boolean;
  onceWritable(callback: () => void): void;
}

export interface AttemptOptions {
  readonly client: UpstreamClient;
  readonly adapter: ProviderAdapter;
  readonly request: UpstreamRequest;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  /** The client wants a stream; the provider may have to give one all the same. */
  readonly stream: boolean;
  /** Fits the stream to what the client has of an answer that broke off. */
  readonly stitch: Stitch | undefined;
  readonly sink: AnswerSink;
  readonly signal: AbortSignal;
  /** Calls back when reading must stop or may go on. */
  readonly onHold: (listener: (isHeld: boolean) => void) => void;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  /** Until the request's deadline. */
  readonly remainingMs: number;
  readonly maxEventBytes: number;
  readonly maxBodyBytes: number;
  /** Told the milliseconds between two pieces of a stream. */
  readonly onGap: (gapMs: number) => void;
  readonly onHead: (head: ResponseHead) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Error bodies are read up to here: enough for any message, too little to hurt. */
const maxErrorBytes = 64 * 1024;
/** After its last event an upstream may take this long to end its answer, so that the connection can be used again. */
const lingerMs = 1000;
/** An answer that is finished but for its usage is complete after so much silence. */
const usageWaitMs = 500;

/** Makes one call and passes its answer on. Settles once; never rejects. */
export function attempt(options: AttemptOptions): Promise<AttemptResult> {
  const { adapter, sink, now } = options;
  const { promise, resolve } = Promise.withResolvers<AttemptResult>();
  const { body, plan } = options;
  const translator = plan.stream ? adapter.translateStream(body, plan) : undefined;
  const collector = plan.stream && !options.stream ? createChunkCollector() : undefined;
  const holds = new Set<'client' | 'mailbox'>();
  let call: Call | undefined;
  let head: ResponseHead | undefined;
  let text = '';
  let events = 0;
  let received = 0;
  let lastPieceAt: number | undefined;
  let hasAnswered = false;
  let output = '';
  let isSettled = false;
  let wasResent = false;

  const silence = createSilenceTimer({
    now,
    onSilence: () => breakOff({ kind: 'timeout', message: silenceMessage(received) }),
  });
  const deadline = setTimeout(() => {
    failWith({ kind: 'timeout', message: 'The request took longer than it may in all.' });
  }, options.remainingMs);

  const reader = createEventReader(adapter.framing, { maxEventLength: options.maxEventBytes, onEvent });

  function settle(result: Settled): void {
    if (isSettled) return;
    isSettled = true;
    silence.stop();
    clearTimeout(deadline);
    options.signal.removeEventListener('abort', onAbort);
    options.onHold(() => undefined);
    if (holds.size > 0) call?.resume();
    resolve({ ...result, events, received, ...(wasResent ? { wasResent } : {}) });
  }

  function failWith(failure: UpstreamFailure): void {
    settle({ kind: 'failed', failure });
    hangUp();
  }

  /** Ends a call of which nothing more is wanted. */
  function hangUp(): void {
    call?.abort();
    const request = translator?.toCancel?.();
    if (request !== undefined) options.client.tell(request);
  }

  /** The stream is over, for whatever reason; what was finished before is complete all the same. */
  function breakOff(failure: UpstreamFailure): void {
    if (translator?.isFinished === true) pass(translator.end());
    flush();
    settleByTranslator();
    failWith(failure);
  }

  function onAbort(): void {
    settle({ kind: 'aborted' });
    hangUp();
  }

  function hold(reason: 'client' | 'mailbox', isHeld: boolean): void {
    if (isSettled) return;
    const wasHeld = holds.size > 0;
    if (isHeld) holds.add(reason);
    else holds.delete(reason);
    if (holds.size > 0 && !wasHeld) {
      call?.pause();
      silence.suspend();
    } else if (holds.size === 0 && wasHeld) {
      call?.resume();
      silence.allow(options.idleMs);
    }
  }

  function onEvent(event: UpstreamEvent): void {
    pass(translator?.push(event) ?? '');
  }

  function pass(sse: string): void {
    if (sse === '') return;
    received++;
    if (collector !== undefined) return collector.add(sse);
    const passed = options.stitch === undefined ? sse : options.stitch.push(sse);
    if (passed === '') return;
    events++;
    output += passed;
  }

  /** Passes on what one piece of the stream gave, as one. */
  function flush(): void {
    if (output === '' || isSettled) return;
    if (!hasAnswered) sink.onAnswer();
    hasAnswered = true;
    sink.data(output);
    output = '';
    if (sink.isCongested()) {
      hold('mailbox', true);
      sink.onceWritable(() => hold('mailbox', false));
    }
  }

  function onStreamText(piece: string): void {
    const before = received;
    const heartbeats = translator?.heartbeats;
    const fits = reader.feed(piece);
    if (received > before) noteProgress();
    else if (translator?.heartbeats !== heartbeats) silence.touch();
    flush();
    if (options.stitch?.isDiverged === true) return failWith({ kind: 'diverged', message: '' });
    if (!fits) return failWith({ kind: 'malformed', message: 'The provider sent an event that is too large.' });
    settleByTranslator();
  }

  function noteProgress(): void {
    const at = now();
    if (translator?.isFinished === true && translator.mayGoOn !== true)
      silence.allow(Math.min(usageWaitMs, options.idleMs));
    else if (lastPieceAt === undefined) silence.allow(options.idleMs);
    else silence.touch();
    if (lastPieceAt !== undefined) options.onGap(at - lastPieceAt);
    lastPieceAt = at;
  }

  function settleByTranslator(): void {
    const state = translator?.state;
    if (state?.kind === 'failed') failWith(state.failure);
    if (state?.kind !== 'complete' || isSettled) return;
    if (collector !== undefined) giveWhole(collector.toCompletion(state.summary.usage));
    settle({ kind: 'complete', summary: state.summary });
    setTimeout(() => call?.abort(), lingerMs).unref();
  }

  function onWholeText(piece: string): void {
    text += piece;
    if (text.length > options.maxBodyBytes) {
      failWith({ kind: 'malformed', message: "The provider's answer is too large." });
    }
  }

  /** An error says what it has to say at its beginning. */
  function onErrorText(piece: string): void {
    text += piece;
    if (text.length > maxErrorBytes) onErrorEnd();
  }

  function onErrorEnd(): void {
    if (head !== undefined) failWith(adapter.toFailure(head, text));
  }

  /** Where a stream was wanted: an error in disguise, a page of some proxy, or a server that does not stream. */
  function onWholeEnd(): void {
    const whole = adapter.translateWhole(text, body, plan);
    if (whole.kind === 'failed') return failWith(whole.failure);
    if (options.stream) {
      pass(toChunks(whole.text, body));
      flush();
    } else {
      giveWhole(whole.text);
    }
    settle({ kind: 'complete', summary: whole.summary });
  }

  function giveWhole(completion: string): void {
    sink.onAnswer();
    sink.data(completion);
    events = 1;
    received = Math.max(1, received);
  }

  const mode = (): 'error' | 'stream' | 'whole' => {
    if (head === undefined || head.status < 200 || head.status >= 300) return 'error';
    if (!plan.stream) return 'whole';
    const contentType = head.headers['content-type'];
    return contentType === undefined || streamTypes[adapter.framing].test(contentType) ? 'stream' : 'whole';
  };

  options.signal.addEventListener('abort', onAbort);
  if (options.signal.aborted) onAbort();
  if (isSettled) return promise;
  if (plan.stream) silence.allow(options.firstTokenMs);

  call = options.client.call(options.request, {
    onResend() {
      wasResent = true;
    },
    onHead(received) {
      head = received;
      options.onHead(received);
      // Before, there is nothing to hold back; an error is never much.
      if (!isSettled && mode() !== 'error') options.onHold((isHeld) => hold('client', isHeld));
    },
    onText(piece) {
      if (isSettled) return;
      const current = mode();
      if (current === 'stream') onStreamText(piece);
      else if (current === 'error') onErrorText(piece);
      else onWholeText(piece);
    },
    onEnd() {
      if (isSettled) return;
      const current = mode();
      if (current === 'stream') {
        reader.end();
        pass(translator?.end() ?? '');
        flush();
        settleByTranslator();
      } else if (current === 'whole') onWholeEnd();
      else onErrorEnd();
    },
    onFailure: breakOff,
  });
  return promise;
}

const eventStream = /text\/event-stream|application\/octet-stream/;
const streamTypes = {
  sse: eventStream,
  'sse-unterminated': eventStream,
  'sse-lines': eventStream,
  ndjson: /ndjson|jsonl|application\/octet-stream/,
} as const satisfies Record<Framing, RegExp>;

const silenceMessage = (received: number): string =>
  received === 0 ? 'The provider did not begin to answer in time.' : 'The provider stopped answering.';
