import type { Usage } from '@sluice/protocol';
import { type ChatBody, createChunkCollector, toChunks } from '@sluice/providers';
import { type ExtendedAnswer, createTranscript, type ResumedAnswer, type Transcript } from '@sluice/answers';

/**
 * Takes the answer of an attempt. A sink wraps another sink to change what passes through it: to go on with an answer
 * that broke off, to join several attempts into one answer, or to collect a stream into a whole answer.
 */
export interface AnswerSink {
  /** The provider has begun to answer; called once an attempt, before the first `data`. */
  onAnswer(): void;
  /** Takes the server-sent events of one upstream event; returns the text that goes out now, or ''. */
  take(sse: string): string;
  /** Takes an answer that came in one piece; returns the text that goes out. */
  takeWhole(completion: string): string;
  /** The attempt's answer is complete; returns the text that was held back until now, or ''. */
  finish(usage: Usage | undefined): string;
  /** The answer differs from the one that it should go on with: nothing of it may go out. */
  readonly isDiverged: boolean;
  /** Sends out what was taken. */
  data(text: string): void;
  /** Returns whether the way to the client is full. */
  isCongested(): boolean;
  onceWritable(callback: () => void): void;
}

/** The way to the client, on which a sink is built. */
export type ClientWay = Pick<AnswerSink, 'onAnswer' | 'data' | 'isCongested' | 'onceWritable'>;

/** For a client that wants a stream. */
export const streamSink = (way: ClientWay, body: ChatBody): AnswerSink => ({
  ...way,
  take: (sse) => sse,
  takeWhole: (completion) => toChunks(completion, body),
  finish: () => '',
  isDiverged: false,
});

/** Fits the stream to what the client has of an answer that broke off. */
export function resumeFrom(stitch: ResumedAnswer, sink: AnswerSink): AnswerSink {
  const pass = (sse: string): string => (sse === '' ? '' : sink.take(stitch.push(sse)));
  return {
    ...sink,
    take: pass,
    takeWhole: (completion) => pass(sink.takeWhole(completion)),
    get isDiverged() {
      return stitch.isDiverged || sink.isDiverged;
    },
  };
}

/** Makes one answer of several attempts, each of which goes on where the one before met its limit. */
export const extendAnswer = (join: ExtendedAnswer, sink: AnswerSink): AnswerSink => ({
  ...sink,
  data(text) {
    const passed = join.take(text);
    if (passed !== '') sink.data(passed);
  },
});

/** The part of a whole answer that has been collected, over all attempts that wrote on it. */
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
    takeWhole(completion) {
      // The attempt was asked to go on with the collected text, and its answer came in one piece.
      if (collection.parts !== undefined) return take(toChunks(completion, body));
      isWhole = true;
      return completion;
    },
    finish: (usage) => (isWhole ? '' : (collection.parts?.collector ?? createChunkCollector()).toCompletion(usage)),
    isDiverged: false,
  };
}
