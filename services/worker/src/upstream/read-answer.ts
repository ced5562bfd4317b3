import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { decideReading, type WholeTranslation, withoutTerminator } from '@sluice/providers';
import type { ArrivedAnswer } from '../attempt/count-tokens.ts';
import { diverged, noContent, tooLargeBody, truncated } from './answer-failures.ts';
import { createOutlet, type Outlet, type ReadAttempt } from './outlet.ts';
import type { AnswerReaderNeeds } from './reader-needs.ts';
import { createStreamReader, type StreamReader } from './read-stream.ts';

/** Reads the answer of one call: cuts and translates its text, hands it to the sink, and dispatches events. */
export interface AnswerReader {
  /** Runs before the call: some providers need an explicit stop even before their first byte. */
  open(): void;
  onHead(head: ResponseHead): void;
  onText(piece: string): void;
  onEnd(): void;
  /** Lets the translator end the stream; if it is not complete then, the attempt fails with this failure. */
  endStream(otherwise: UpstreamFailure | undefined): void;
  readWhole(): void;
  /**
   * Takes the whole answer if it is complete although its body has not ended. Otherwise the connection counts as broken
   * by this failure; without a failure the attempt continues.
   */
  takeWhole(otherwise: UpstreamFailure | undefined): void;
  readError(): void;
  toCancel: StreamReader['toCancel'];
  /** Upstream events so far: passed on, and received. */
  counts(): { readonly events: number; readonly received: number };
  /** Returns the part of the answer that has arrived, for the bill of the call. */
  arrival(): Arrival;
}

/** The part of an answer that has arrived. */
export interface Arrival {
  /** HTTP status; undefined without an answer. */
  readonly status: number | undefined;
  /** Time of the first output (monotonic ms); undefined before it. */
  readonly answeredAt: number | undefined;
  /** The part of a stream; undefined for a whole answer, which arrives at once or not at all. */
  readonly answer: ArrivedAnswer | undefined;
  /** The whole answer; undefined for a stream. */
  readonly whole: string | undefined;
}

/** Error bodies are read up to this size, which is enough for any message. */
const maxErrorBytes = 64 * 1024;
const statusesWithoutBody: ReadonlySet<number> = new Set([204, 205]);

export function createAnswerReader(needs: AnswerReaderNeeds, attempt: ReadAttempt): AnswerReader {
  const { adapter, plan, now } = needs;
  const out = createOutlet(needs, attempt);
  /** A whole answer needs none. */
  let stream: StreamReader | undefined;
  let head: ResponseHead | undefined;
  let text = '';
  const fail = (failure: UpstreamFailure): void => attempt.dispatch({ kind: 'failed', failure });

  /** Decides once, by the first bytes, how the body is read. */
  function decide(isEnd: boolean): void {
    const contentType = head?.headers['content-type'];
    const reading = decideReading({ own: adapter.framing, asksStream: plan.stream, contentType }, text, isEnd);
    if (reading === undefined) return;
    attempt.dispatch({ kind: 'decided', as: reading.kind, at: now() });
    if (reading.kind === 'whole') return;
    const begun = text;
    text = '';
    stream ??= createStreamReader(needs, attempt, out);
    stream.begin(reading.framing);
    if (begun !== '') stream.onText(begun);
  }

  function collect(piece: string): void {
    text += piece;

    if (attempt.state.reading === 'error')
      return text.length > maxErrorBytes ? attempt.dispatch({ kind: 'ended' }) : undefined;
    if (text.length > needs.maxBodyBytes) return fail(tooLargeBody);
    if (attempt.state.reading === 'undecided') decide(false);
    if (attempt.state.reading !== 'whole') return;
    attempt.dispatch({ kind: 'whole_text', mayBeComplete: piece.trimEnd().endsWith('}'), at: now() });
  }

  return {
    open() {
      if (!plan.stream) return;
      stream = createStreamReader(needs, attempt, out);
      stream.open();
    },
    onHead: (received) => (head = received),
    onText(piece) {
      const { isOver, reading } = attempt.state;
      if (isOver) return;
      if (reading === 'stream') stream?.onText(piece);
      else collect(piece);
    },
    onEnd() {
      const { isOver, reading } = attempt.state;
      if (!isOver && head !== undefined && statusesWithoutBody.has(head.status)) return fail(noContent);
      // A body that looked like a whole answer may turn out to be several lines of JSON.
      if (!isOver && (reading === 'undecided' || reading === 'whole')) decide(true);
      attempt.dispatch({ kind: 'ended' });
    },
    endStream: (otherwise) => (stream === undefined ? fail(otherwise ?? truncated) : stream.end(otherwise)),
    /** Also handles a non-stream body where a stream was expected: an error with status 200, a proxy's HTML page. */
    readWhole() {
      const whole = translateWhole(needs, text);
      return whole.kind === 'failed' ? fail(whole.failure) : passWhole(needs, attempt, { out, whole });
    },
    takeWhole(otherwise) {
      const whole = translateWhole(needs, text);
      if (whole.kind === 'complete') passWhole(needs, attempt, { out, whole });
      else if (otherwise !== undefined) attempt.dispatch({ kind: 'broke', failure: otherwise, isCut: false });
    },
    readError: () => fail(head === undefined ? truncated : failureOf(needs, head, text)),
    toCancel: () => stream?.toCancel(),
    counts: () => ({ events: out.events, received: out.received }),
    arrival: () => ({
      status: head?.status,
      answeredAt: out.answeredAt,
      answer: arrivedOf(stream, out),
      whole: out.whole,
    }),
  };
}

function arrivedOf(
  stream: StreamReader | undefined,
  { outputEvents, reasoningEvents, whole }: Outlet,
): ArrivedAnswer | undefined {
  const counted = whole === undefined ? stream?.counted() : undefined;
  return counted === undefined
    ? undefined
    : { ...counted, outputEvents, reasoningEvents, isFinished: stream?.isFinished() === true };
}

const translateWhole = ({ adapter, body, plan }: AnswerReaderNeeds, text: string): WholeTranslation =>
  adapter.translateWhole(withoutTerminator(text), body, plan);

interface PassedWhole {
  readonly out: Outlet;
  readonly whole: Extract<WholeTranslation, { kind: 'complete' }>;
}

function passWhole(
  { sink }: AnswerReaderNeeds,
  attempt: ReadAttempt,
  { out, whole: { text, summary } }: PassedWhole,
): void {
  out.passWhole(text);
  if (sink.isDiverged) return attempt.dispatch({ kind: 'failed', failure: diverged });
  out.finish(summary.usage);
  attempt.dispatch({ kind: 'completed', summary });
}

/** If the adapter throws on the body of an error, status and headers alone decide. */
function failureOf({ adapter, onThrow }: AnswerReaderNeeds, head: ResponseHead, text: string): UpstreamFailure {
  try {
    return adapter.toFailure(head, text);
  } catch (error) {
    onThrow(error);
    return adapter.toFailure(head, '');
  }
}
