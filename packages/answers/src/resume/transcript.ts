import {
  isEmpty,
  type ChatChunk,
  type Delivered,
  eventsOf,
  type NativeProtocol,
  readChunk,
  textsOf,
} from '@sluice/protocol';
import { type ReadEvent, readGeminiEvent, readMessagesEvent } from './native-events.ts';

/** Keeps the part of a stream that was sent to the client, in case the stream breaks off. */
export interface Transcript {
  /** Takes whole server-sent events that are passed on. Cheap: parses as late as possible. */
  add(sse: string): void;
  /** The later events have this form; the first ones are chat events. */
  reads(form: EventForm): void;
  read(): Reading;
}

/** Forms of events: chat chunks, or the provider's own in a protocol that the client speaks. */
export type EventForm = 'chat' | NativeProtocol;

const readers: Readonly<Record<EventForm, ReadEvent>> = {
  chat: readChunk,
  messages: readMessagesEvent,
  gemini: readGeminiEvent,
};

/** Progress of an answer. */
export interface Reading {
  /** Characters of the answer's text. */
  readonly characters: number;
  /** Number of chunks with content; close to the number of tokens. */
  readonly chunks: number;
  /** Number of those that have reasoning alone. */
  readonly reasoningChunks: number;
  /** Set if the answer is complete, even if the stream broke afterwards. */
  readonly finishReason?: string;
  /** State from which another run can resume; absent after a tool call began, or with more than one text. */
  readonly delivered?: Delivered;
}

/** Length at which unparsed text is folded, so that a long stream holds little more than its answer. */
const foldAtLength = 64 * 1024;

/** Members of a delta that are text, or have no content. */
const plainMembers: ReadonlySet<string> = new Set(['role', 'content', 'reasoning_content', 'reasoning']);

export function createTranscript(): Transcript {
  let pieces: string[] = [];
  let length = 0;
  let id: string | undefined;
  let created: number | undefined;
  let content = '';
  let reasoning = '';
  let chunks = 0;
  let reasoningChunks = 0;
  let finishReason: string | undefined;
  let isPlain = true;
  let readEvent = readers.chat;

  function fold(): void {
    for (const { data } of eventsOf(pieces.join(''))) {
      const chunk = readEvent(data);
      if (chunk === undefined) isPlain = false;
      else take(chunk);
    }
    pieces = [];
    length = 0;
  }

  function take(chunk: ChatChunk): void {
    id ??= chunk.id ?? undefined;
    created ??= chunk.created ?? undefined;
    for (const choice of chunk.choices) {
      const { delta } = choice;
      finishReason ??= choice.finish_reason ?? undefined;
      if ((choice.index ?? 0) !== 0 || !isEmpty(choice['logprobs'])) isPlain = false;
      if (delta === undefined || delta === null) continue;
      if (Object.entries(delta).some(([name, value]) => !plainMembers.has(name) && !isEmpty(value))) isPlain = false;
      if (Array.isArray(delta.content)) isPlain = false;
      const texts = textsOf(delta);
      content += texts.content;
      reasoning += texts.reasoning;
      if (texts.content !== '' || texts.reasoning !== '') chunks += 1;
      if (texts.content === '' && texts.reasoning !== '') reasoningChunks += 1;
    }
  }

  return {
    add(sse) {
      pieces.push(sse);
      length += sse.length;
      if (length >= foldAtLength) fold();
    },
    reads(form) {
      if (readEvent === readers[form]) return;
      fold();
      readEvent = readers[form];
    },
    read() {
      fold();
      return {
        characters: content.length,
        chunks,
        reasoningChunks,
        ...(finishReason === undefined ? {} : { finishReason }),
        ...(isPlain ? { delivered: { id, created, content, reasoning, chunks } } : {}),
      };
    },
  };
}
