import type { ResponseHead, UpstreamEvent, UpstreamFailure, Usage } from '@sluice/protocol';
import type { CallPlan, ChatBody, ProviderAdapter, StreamTranslator, WholeTranslation } from '@sluice/providers';
import { createEventReader, type EventReader } from '@sluice/upstream';
import type { AnswerSink } from '../answer/answer-sink.ts';
import type { AttemptEvent, AttemptState, Finish } from './attempt-state.ts';
import { decideReading, withoutTerminator } from './detect-framing.ts';
import { saysSomething } from './adds-content.ts';

/** Reads the answer of one call: cuts and translates its text, hands it to the sink, and dispatches events. */
export interface AnswerReader {
  /** Called before the call: some providers must be told to stop even before their first byte. */
  open(): void;
  onHead(head: ResponseHead): void;
  onText(piece: string): void;
  onEnd(): void;
  /** Lets the translator end the stream; if it is not complete then, the attempt fails with this failure. */
  endStream(otherwise: UpstreamFailure | undefined): void;
  readWhole(): void;
  /** Takes the whole answer if all of it is there, though its body has not ended; false when it is not. */
  takeWholeSoFar(): boolean;
  readError(): void;
  /** The call that stops the answer where closing the socket does not. */
  toCancel(): ReturnType<NonNullable<StreamTranslator['toCancel']>>;
  /** Upstream events so far: passed on, and received. */
  counts(): { readonly events: number; readonly received: number };
}

export interface AnswerReaderNeeds {
  readonly adapter: ProviderAdapter;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly sink: AnswerSink;
  readonly maxEventBytes: number;
  readonly maxBodyBytes: number;
  readonly state: () => AttemptState;
  readonly dispatch: (event: AttemptEvent) => void;
  /** Runs a callback that comes later, so that an error that it throws ends the attempt. */
  readonly guard: (work: () => void) => void;
  readonly onGap: (gapMs: number) => void;
  readonly onThrow: (error: unknown) => void;
  readonly now: () => number;
}

/** Error bodies are read up to this size, which is enough for any message. */
const maxErrorBytes = 64 * 1024;

export function createAnswerReader(needs: AnswerReaderNeeds): AnswerReader {
  const { adapter, sink, plan, body, dispatch, now } = needs;
  const out = createOutlet(needs);
  let head: ResponseHead | undefined;
  let text = '';
  let translator: StreamTranslator | undefined;
  let reader: EventReader | undefined;
  let lastPieceAt: number | undefined;
  const fail = (failure: UpstreamFailure): void => dispatch({ kind: 'failed', failure });

  /** Decides once, by the first bytes, how the body is read. */
  function decide(isEnd: boolean): void {
    const contentType = head?.headers['content-type'];
    const reading = decideReading({ own: adapter.framing, asksStream: plan.stream, contentType }, text, isEnd);
    if (reading === undefined) return;
    dispatch({ kind: 'decided', as: reading.kind, at: now() });
    if (reading.kind === 'whole') return;
    const begun = text;
    text = '';
    translator ??= adapter.translateStream(body, plan);
    const onEvent = (event: UpstreamEvent): void => out.pass(translator?.push(event) ?? '');
    reader = createEventReader(reading.framing, { maxEventLength: needs.maxEventBytes, onEvent });
    if (begun !== '') onStreamText(begun);
  }

  function onStreamText(piece: string): void {
    const heartbeats = translator?.heartbeats;
    const before = out.received;
    out.beginPiece();
    const fits = reader?.feed(piece) ?? true;
    const hasEvents = out.received > before;
    const hasSign = !hasEvents && translator?.heartbeats !== heartbeats;
    const at = now();
    dispatch({
      kind: 'piece',
      gave: out.says ? 'content' : hasSign ? 'sign' : 'nothing',
      finish: finishOf(translator),
      at,
    });
    if (hasEvents && lastPieceAt !== undefined) needs.onGap(at - lastPieceAt);
    if (hasEvents) lastPieceAt = at;
    out.flush();
    if (sink.isDiverged) return fail(diverged);
    if (!fits) return fail(tooLargeEvent);
    judge();
  }

  const translateWhole = (): WholeTranslation => adapter.translateWhole(withoutTerminator(text), body, plan);

  function takeWhole(whole: Extract<WholeTranslation, { kind: 'complete' }>): void {
    out.passWhole(whole.text);
    if (sink.isDiverged) return fail(diverged);
    out.finish(whole.summary.usage);
    dispatch({ kind: 'completed', summary: whole.summary });
  }

  /** Acts on what the translator says of the stream. */
  function judge(): void {
    const translated = translator?.state;
    if (translated === undefined || translated.kind === 'open' || needs.state().isOver) return;
    if (translated.kind === 'complete') out.finish(translated.summary.usage);
    dispatch({ kind: 'translated', state: translated });
  }

  return {
    open() {
      if (plan.stream) translator = adapter.translateStream(body, plan);
    },
    onHead: (received) => (head = received),
    onText(piece) {
      const { isOver, reading } = needs.state();
      if (isOver) return;
      if (reading === 'stream') return onStreamText(piece);
      text += piece;
      // The beginning of an error's body is enough.
      if (reading === 'error') return text.length > maxErrorBytes ? dispatch({ kind: 'ended' }) : undefined;
      if (text.length > needs.maxBodyBytes) return fail(tooLargeBody);
      if (reading === 'undecided') decide(false);
    },
    onEnd() {
      const { isOver, reading } = needs.state();
      if (!isOver && head !== undefined && statusesWithoutBody.has(head.status)) return fail(noContent);
      // A body that looked like a whole answer may turn out to be several lines of JSON.
      if (!isOver && (reading === 'undecided' || reading === 'whole')) decide(true);
      dispatch({ kind: 'ended' });
    },
    endStream(otherwise) {
      if (otherwise === undefined) reader?.end();
      out.pass(translator?.end() ?? '');
      out.flush();
      if (sink.isDiverged) return fail(diverged);
      judge();
      if (!needs.state().isOver) fail(otherwise ?? truncated);
    },
    /** Also where a stream was wanted: an error in disguise, a page of some proxy, a server that does not stream. */
    readWhole() {
      const whole = translateWhole();
      return whole.kind === 'failed' ? fail(whole.failure) : takeWhole(whole);
    },
    takeWholeSoFar() {
      const { isOver, reading } = needs.state();
      if (isOver || (reading !== 'whole' && reading !== 'undecided')) return false;
      const whole = translateWhole();
      if (whole.kind === 'complete') takeWhole(whole);
      return whole.kind === 'complete';
    },
    readError: () => fail(head === undefined ? truncated : failureOf(needs, head, text)),
    toCancel: () => translator?.toCancel?.(),
    counts: () => ({ events: out.events, received: out.received }),
  };
}

/** If the adapter throws at the body of an error, status and headers alone decide. */
function failureOf({ adapter, onThrow }: AnswerReaderNeeds, head: ResponseHead, text: string): UpstreamFailure {
  try {
    return adapter.toFailure(head, text);
  } catch (error) {
    onThrow(error);
    return adapter.toFailure(head, '');
  }
}

/** Collects the output of one piece of a stream and sends it as one. */
interface Outlet {
  pass(sse: string): void;
  passWhole(completion: string): void;
  finish(usage: Usage | undefined): void;
  flush(): void;
  beginPiece(): void;
  /** The piece adds something to the answer. */
  readonly says: boolean;
  readonly events: number;
  readonly received: number;
}

function createOutlet({ sink, state, dispatch, guard, now }: AnswerReaderNeeds): Outlet {
  let output = '';
  let hasAnswered = false;

  function add(passed: string): void {
    if (passed === '') return;
    outlet.events++;
    output += passed;
  }

  function flush(): void {
    if (output === '' || state().isOver) return;
    if (!hasAnswered) sink.onAnswer();
    hasAnswered = true;
    sink.data(output);
    output = '';
    if (!sink.isCongested()) return;
    dispatch({ kind: 'held', by: 'mailbox', isHeld: true, at: now() });
    sink.onceWritable(() => guard(() => dispatch({ kind: 'held', by: 'mailbox', isHeld: false, at: now() })));
  }

  const outlet = {
    says: false,
    events: 0,
    received: 0,
    pass(sse: string): void {
      if (sse === '') return;
      outlet.received++;
      outlet.says ||= saysSomething(sse);
      add(sink.take(sse));
    },
    passWhole(completion: string): void {
      outlet.received++;
      add(sink.takeWhole(completion));
    },
    finish(usage: Usage | undefined): void {
      add(sink.finish(usage));
      flush();
    },
    flush,
    beginPiece: () => void (outlet.says = false),
  };
  return outlet;
}

function finishOf(translator: StreamTranslator | undefined): Finish {
  if (translator?.isFinished !== true) return 'open';
  return translator.mayGoOn === true ? 'may_go_on' : 'finished';
}

const malformed = (message: string): UpstreamFailure => ({ kind: 'malformed', message });
const tooLargeEvent = malformed('The provider sent an event that is too large.');
const tooLargeBody = malformed("The provider's answer is too large.");
/** A stream that ends at once would else look as if its connection had broken. */
const statusesWithoutBody: ReadonlySet<number> = new Set([204, 205]);
const noContent = malformed('The provider answered with a status that means no content.');
const diverged: UpstreamFailure = { kind: 'diverged', message: '' };
const truncated: UpstreamFailure = { kind: 'truncated', message: "The provider's answer broke off before its end." };
