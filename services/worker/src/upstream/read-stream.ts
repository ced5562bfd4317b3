import type { Framing, UpstreamEvent, UpstreamFailure } from '@sluice/protocol';
import { type CountedAnswer, createEventReader, type EventReader, type StreamTranslator } from '@sluice/providers';
import { diverged, tooLargeEvent, truncated } from './answer-failures.ts';
import type { Finish } from './attempt-events.ts';
import type { Outlet, ReadAttempt } from './outlet.ts';
import type { AnswerReaderNeeds } from './reader-needs.ts';

/** Splits a stream into events, translates them and passes them on. */
export interface StreamReader {
  /** Creates the translator, before the call. */
  open(): void;
  /** Starts to read the body as a stream of this framing. */
  begin(framing: Framing): void;
  onText(piece: string): void;
  /** Lets the translator end the stream; if it is not complete then, the attempt fails with this failure. */
  end(otherwise: UpstreamFailure | undefined): void;
  /** Counts of the answer so far. */
  counted(): CountedAnswer | undefined;
  /** Nothing of the answer can follow. */
  isFinished(): boolean;
  /** The call that stops the answer if closing the socket does not. */
  toCancel(): ReturnType<NonNullable<StreamTranslator['toCancel']>>;
}

type StreamReaderNeeds = Pick<
  AnswerReaderNeeds,
  'adapter' | 'body' | 'plan' | 'sink' | 'maxEventBytes' | 'onGap' | 'now'
>;

export function createStreamReader(needs: StreamReaderNeeds, attempt: ReadAttempt, out: Outlet): StreamReader {
  const { adapter, body, plan, sink, now } = needs;
  let translator: StreamTranslator | undefined;
  let events: EventReader | undefined;
  let lastPieceAt: number | undefined;
  const fail = (failure: UpstreamFailure): void => attempt.dispatch({ kind: 'failed', failure });
  const onEvent = (event: UpstreamEvent): void => out.pass(translator?.push(event) ?? '');

  /** Feeds a piece. Returns whether every event fits the limit. */
  function feed(piece: string): boolean {
    if (!sink.takesAsIs || translator?.pass === undefined) return feedAll(piece);
    const rest = passStart(piece);
    if (rest.length < piece.length) return feedAll(rest);
    // The first event of a stream is never clean, and many can follow it in the same piece.
    const end = piece.indexOf(blankLine) + blankLine.length;
    if (end < blankLine.length || end === piece.length) return feedAll(piece);
    return feedAll(piece.slice(0, end)) && feedAll(passStart(piece.slice(end)));
  }

  const feedAll = (text: string): boolean => text === '' || (events?.feed(text) ?? true);

  /** Passes the clean events at the start of a text on as they are; returns the rest. */
  function passStart(text: string): string {
    const passed = events?.isBetweenEvents === true ? translator?.pass?.(text) : undefined;
    if (passed === undefined || passed.events === 0) return text;
    const { length } = passed;
    out.passAsIs(text.slice(0, length), passed.events);
    return text.slice(length);
  }

  /** Reports the translator's state. */
  function check(): void {
    const translated = translator?.state;
    if (translated === undefined || translated.kind === 'open' || attempt.state.isOver) return;
    if (translated.kind === 'complete') out.finish(translated.summary.usage);
    attempt.dispatch({ kind: 'translated', state: translated });
  }

  return {
    open: () => void (translator = adapter.translateStream(body, plan)),
    begin(framing) {
      translator ??= adapter.translateStream(body, plan);
      events = createEventReader(framing, { maxEventLength: needs.maxEventBytes, onEvent });
    },
    onText(piece) {
      const heartbeats = translator?.heartbeats;
      const before = out.received;
      out.beginPiece();
      const fits = feed(piece);
      const hasEvents = out.received > before;
      const hasSign = !hasEvents && translator?.heartbeats !== heartbeats;
      const at = now();
      const gave = out.hasContent ? 'content' : hasSign ? 'sign' : 'nothing';
      attempt.dispatch({ kind: 'piece', gave, finish: finishOf(translator), at });
      if (hasEvents && lastPieceAt !== undefined) needs.onGap(at - lastPieceAt);
      if (hasEvents) lastPieceAt = at;
      out.flush();
      if (sink.isDiverged) return fail(diverged);
      if (!fits) return fail(tooLargeEvent);
      check();
    },
    end(otherwise) {
      if (otherwise === undefined) events?.end();
      out.pass(translator?.end() ?? '');
      out.flush();
      if (sink.isDiverged) return fail(diverged);
      check();
      if (!attempt.state.isOver) fail(otherwise ?? truncated);
    },
    counted: () => translator?.counted?.(),
    isFinished: () => finishOf(translator) === 'finished',
    toCancel: () => translator?.toCancel?.(),
  };
}

const blankLine = '\n\n';

function finishOf(translator: StreamTranslator | undefined): Finish {
  if (translator?.isFinished !== true) return 'open';
  return translator.mayContinue === true ? 'may_continue' : 'finished';
}
