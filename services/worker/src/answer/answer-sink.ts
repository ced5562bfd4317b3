import type { Answered, ChatBody, Usage } from '@sluice/protocol';
import { createChunkCollector, toChunks } from '@sluice/providers';
import { type ExtendedAnswer, createTranscript, type ResumedAnswer, type Transcript } from '@sluice/answers';

/**
 * Takes the answer of an attempt. A sink wraps another sink to change the text that passes through it: to resume an
 * answer that broke off, to make one answer of several attempts, or to collect a stream into a whole answer.
 */
export interface AnswerSink {
  /**
   * Called once per attempt, when the provider begins to answer, before the first `data`.
   * @param prompt its tokens; undefined without a database
   */
  onAnswer(prompt?: Answered['prompt']): void;
  /** Takes the server-sent events of one upstream event; returns the text that goes out now, or ''. */
  take(sse: string): string;
  /** Set if `take` returns every text as it is. */
  readonly takesAsIs: boolean;
  /** Takes a whole answer; returns the text that goes out. */
  takeWhole(completion: string): string;
  /** The attempt's answer is complete; returns the text that was held back until now, or ''. */
  finish(usage: Usage | undefined): string;
  /** The answer differs from the one that it should resume: none of it may go out. */
  readonly isDiverged: boolean;
  /** Sends text towards the client. */
  data(text: string): void;
  /** Returns whether the way to the client is full. */
  isCongested(): boolean;
  onceWritable(callback: () => void): void;
}

/** The way to the client; the innermost sink writes to it. */
export type ClientWay = Pick<AnswerSink, 'onAnswer' | 'data' | 'isCongested' | 'onceWritable'>;

/** For a client that wants a stream. */
export const streamSink = (way: ClientWay, body: ChatBody): AnswerSink => ({
  ...way,
  take: (sse) => sse,
  takesAsIs: true,
  takeWhole: (completion) => toChunks(completion, body),
  finish: () => '',
  isDiverged: false,
});

/** For an answer in the client's own protocol, streamed or whole. */
export const passingSink = (way: ClientWay): AnswerSink => ({
  ...way,
  take: (events) => events,
  takesAsIs: true,
  takeWhole: (answer) => answer,
  finish: () => '',
  isDiverged: false,
});

/** Fits the stream to the delivered part of an answer that broke off. */
export function resumeFrom(resumed: ResumedAnswer, sink: AnswerSink): AnswerSink {
  const pass = (sse: string): string => (sse === '' ? '' : sink.take(resumed.push(sse)));
  return {
    ...sink,
    take: pass,
    takesAsIs: false,
    takeWhole: (completion) => pass(sink.takeWhole(completion)),
    get isDiverged() {
      return resumed.isDiverged || sink.isDiverged;
    },
  };
}

/** Makes one answer of several attempts, each of which extends the answer that met its length limit. */
export const extendAnswer = (extended: ExtendedAnswer, sink: AnswerSink): AnswerSink => ({
  ...sink,
  data(text) {
    const passed = extended.take(text);
    if (passed !== '') sink.data(passed);
  },
});

/** The collected part of a whole answer, over all attempts that resumed it. */
export interface Collection {
  /** Undefined until something was collected: most whole answers come in one piece. */
  parts: { readonly collector: ReturnType<typeof createChunkCollector>; readonly transcript: Transcript } | undefined;
}

export const createCollection = (): Collection => ({ parts: undefined });

/** For a client that wants a whole answer: a stream is collected until it is complete. */
export function wholeSink(way: ClientWay, body: ChatBody, collection: Collection): AnswerSink {
  function take(sse: string): string {
    collection.parts ??= { collector: createChunkCollector(), transcript: createTranscript() };
    collection.parts.collector.add(sse);
    collection.parts.transcript.add(sse);
    return '';
  }
  let isWhole = false;
  return {
    ...way,
    take,
    takesAsIs: false,
    takeWhole(completion) {
      // The attempt was asked to resume the collected text, and its answer is a whole one.
      if (collection.parts !== undefined) return take(toChunks(completion, body));
      isWhole = true;
      return completion;
    },
    finish: (usage) => (isWhole ? '' : (collection.parts?.collector ?? createChunkCollector()).toCompletion(usage)),
    isDiverged: false,
  };
}
