import { fit } from '../fit.ts';
import { parseLossless, writeLossless } from '../json/lossless.ts';
import { type ChatChunk, chatChunkSchema } from './chat-answer.ts';

/** The events of one piece of a stream as the worker writes them: data lines, a blank line after each event. */
export function eventsOf(sse: string): AnswerEvent[] {
  return sse.split('\n\n').flatMap((event) => {
    const data = event.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []));
    return data.length === 0 ? [] : [{ text: `${event}\n\n`, data: data.join('\n') }];
  });
}

export interface AnswerEvent {
  /** As it was written. */
  readonly text: string;
  readonly data: string;
}

/** Reads a chunk that is written again, by `writeChunk`. Undefined when it is no chunk of a chat answer. */
export const parseChunk = (data: string): ChatChunk | undefined => readBy(parseLossless, data);

/** Reads a chunk of which only the texts are wanted: the digits of its numbers need not be kept. */
export const readChunk = (data: string): ChatChunk | undefined => readBy(JSON.parse, data);

function readBy(parse: (text: string) => unknown, data: string): ChatChunk | undefined {
  try {
    return fit(chatChunkSchema, parse(data));
  } catch {
    return undefined;
  }
}

export const writeChunk = (chunk: ChatChunk): string => `data: ${writeLossless(chunk)}\n\n`;

/** The text that a delta or a message adds. Servers name the reasoning in two ways, and some send both with the same text. */
export function textsOf(delta: NonNullable<ChatChunk['choices'][number]['delta']>): {
  readonly content: string;
  readonly reasoning: string;
} {
  const { content, reasoning_content: told, reasoning } = delta;
  return {
    content: typeof content === 'string' ? content : '',
    reasoning: told ?? (typeof reasoning === 'string' ? reasoning : ''),
  };
}
