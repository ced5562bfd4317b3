import { createResumedAnswer, extendStream } from '@sluice/answers';
import { describe, expect, it } from 'vitest';
import {
  type AnswerSink,
  createCollection,
  extendAnswer,
  resumeFrom,
  streamSink,
  wholeSink,
} from '../../src/answer/answer-sink.ts';
import { delta, laterDelta, names } from '../fake-upstream.ts';

const usage = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 };
const sse = (...chunks: readonly string[]): string => chunks.map((chunk) => `data: ${chunk}\n\n`).join('');
const hello = sse(delta('Hel'), laterDelta('lo'));
const completion = (content: string): string =>
  JSON.stringify({
    ...names,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage,
  });

/** A way to the client, and the text that has gone it. */
function wayWith() {
  const sent: string[] = [];
  const way = {
    onAnswer: () => undefined,
    data: (text: string) => void sent.push(text),
    isCongested: () => false,
    onceWritable: () => undefined,
  };
  return { way, sent };
}

/** The texts of all chunks together. */
const textOf = (events: string): string =>
  [...events.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join('');

const wholeWith = (content: string, finishReason: string) => ({
  choices: [{ message: { role: 'assistant', content }, finish_reason: finishReason }],
});

describe('the sink of a client that wants a stream', () => {
  it('passes events on unchanged, and holds nothing back', () => {
    const sink = streamSink(wayWith().way, {});
    expect(sink.take(hello)).toBe(hello);
    expect(sink.finish(usage)).toBe('');
    expect(sink.isDiverged).toBe(false);
  });

  it('makes chunks of a whole answer', () => {
    const events = streamSink(wayWith().way, {}).takeWhole(completion('Hello'));
    expect(events).toContain('"object":"chat.completion.chunk"');
    expect(textOf(events)).toBe('Hello');
  });
});

describe('the sink of a client that wants a whole answer', () => {
  it('collects a stream until it is complete', () => {
    const sink = wholeSink(wayWith().way, {}, createCollection());
    expect(sink.take(hello)).toBe('');
    expect(sink.take(sse(laterDelta('!', 'stop')))).toBe('');
    expect(JSON.parse(sink.finish(usage))).toMatchObject({ ...wholeWith('Hello!', 'stop'), usage });
  });

  it('passes a whole answer on unchanged, and adds nothing to it', () => {
    const sink = wholeSink(wayWith().way, {}, createCollection());
    expect(sink.takeWhole(completion('Hello'))).toBe(completion('Hello'));
    expect(sink.finish(usage)).toBe('');
  });

  it('adds a later attempt to what the one before has collected', () => {
    const collection = createCollection();
    wholeSink(wayWith().way, {}, collection).take(hello);
    const later = wholeSink(wayWith().way, {}, collection);
    later.take(sse(laterDelta(' there', 'stop')));
    expect(JSON.parse(later.finish(undefined))).toMatchObject(wholeWith('Hello there', 'stop'));
  });

  it('adds a whole answer to what the attempt before has collected', () => {
    const collection = createCollection();
    wholeSink(wayWith().way, {}, collection).take(hello);
    const later = wholeSink(wayWith().way, {}, collection);
    expect(later.takeWhole(completion(' there'))).toBe('');
    expect(JSON.parse(later.finish(undefined))).toMatchObject(wholeWith('Hello there', 'stop'));
  });

  it('keeps the collected text of every attempt, for the next one to resume', () => {
    const collection = createCollection();
    expect(collection.parts).toBeUndefined();
    wholeSink(wayWith().way, {}, collection).take(hello);
    expect(collection.parts?.transcript.read().delivered?.content).toBe('Hello');
  });
});

describe('a resumed answer', () => {
  const delivered = { content: 'Hello', reasoning: '', chunks: 2 };
  const resume = (sink: AnswerSink = streamSink(wayWith().way, {})): AnswerSink =>
    resumeFrom(createResumedAnswer(delivered, 'restart'), sink);

  it('passes on only what the client does not have', () => {
    expect(textOf(resume().take(sse(delta('Hello'), laterDelta(' there'))))).toBe(' there');
  });

  it('passes on only the rest of a whole answer', () => {
    expect(textOf(resume().takeWhole(completion('Hello there')))).toBe(' there');
  });

  it('is diverged as soon as its text differs', () => {
    const sink = resume();
    expect(sink.isDiverged).toBe(false);
    expect(textOf(sink.take(sse(delta('Good morning to you'))))).toBe('');
    expect(sink.isDiverged).toBe(true);
  });

  it('is diverged if the answer below it is', () => {
    const below = { ...streamSink(wayWith().way, {}), isDiverged: true };
    expect(resume(below).isDiverged).toBe(true);
  });
});

describe('an answer of several attempts', () => {
  it('holds the end of each attempt back, and sends nothing for it', () => {
    const { way, sent } = wayWith();
    const sink = extendAnswer(extendStream(undefined), streamSink(way, {}));
    sink.data(hello);
    const before = sent.length;
    sink.data(sse(laterDelta('', 'length')));
    expect(textOf(sent.join(''))).toBe('Hello');
    expect(sent).toHaveLength(before);
  });
});
