import { fit } from '../fit.ts';
import { parseLossless, writeLossless } from '../json/lossless.ts';
import { type ChatChunk, chatChunkSchema } from './chat-answer.ts';

/** Splits a piece of a stream into its events. The worker writes data lines and a blank line after each event. */
export function eventsOf(sse: string): AnswerEvent[] {
  return sse.split('\n\n').flatMap((event) => {
    const data = event.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []));
    return data.length === 0 ? [] : [{ text: `${event}\n\n`, data: data.join('\n') }];
  });
}

export interface AnswerEvent {
  /** The event's text, unchanged. */
  readonly text: string;
  readonly data: string;
}

/** Reads a chunk that `writeChunk` writes again. Returns undefined if it is not a chunk of a chat answer. */
export const parseChunk = (data: string): ChatChunk | undefined => readBy(parseLossless, data);

/** Reads a chunk whose texts alone are needed: the digits of its numbers are not kept. */
export const readChunk = (data: string): ChatChunk | undefined => readBy(JSON.parse, data);

function readBy(parse: (text: string) => unknown, data: string): ChatChunk | undefined {
  try {
    return fit(chatChunkSchema, parse(data));
  } catch {
    return undefined;
  }
}

export const writeChunk = (chunk: ChatChunk): string => `data: ${writeLossless(chunk)}\n\n`;

/**
 * Returns the text that a delta or message adds. Providers use two names for the reasoning, and some send both with the
 * same text.
 */
export function textsOf(delta: NonNullable<ChatChunk['choices'][number]['delta']>): {
  readonly content: string;
  readonly reasoning: string;
} {
  const { content, reasoning_content: reasoningContent, reasoning } = delta;
  return {
    content: typeof content === 'string' ? content : '',
    reasoning: reasoningContent ?? (typeof reasoning === 'string' ? reasoning : ''),
  };
}
