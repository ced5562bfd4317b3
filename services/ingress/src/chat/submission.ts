import { compressContext } from '@sluice/policy';
import { type ChatRequest, parseLossless, writeLossless } from '@sluice/protocol';
import { isExtensible } from '@sluice/rescue';
import { type Reservation, reserveFor } from './measure-prompt.ts';
import type { ModelEntry } from './resolve-model.ts';

/** The part of a request that is sent, and the amount reserved for it. */
export interface Submission {
  /** JSON. */
  readonly body: Buffer;
  readonly reservation: Reservation;
  /** Messages that were left out of it. */
  readonly droppedMessages: number;
  /** Calls that may write on where the answer has met its limit; 0 = none. */
  readonly maxContinuations: number;
}

/** A chat request as its model wants it. The client's own bytes where nothing changes. */
export function submitChat(chat: ChatRequest, bytes: Buffer, entry: ModelEntry): Submission {
  const maxContinuations = isExtensible(chat) ? entry.maxContinuations : 0;
  return { ...compressed(chat, bytes, entry), maxContinuations };
}

function compressed(
  chat: ChatRequest,
  bytes: Buffer,
  { contextRounds }: ModelEntry,
): Omit<Submission, 'maxContinuations'> {
  const { messages, droppedMessages } =
    contextRounds === undefined
      ? { messages: chat.messages, droppedMessages: 0 }
      : compressContext(chat.messages, contextRounds);
  if (droppedMessages === 0) return { body: bytes, reservation: reserveFor(chat, bytes.length), droppedMessages };
  const shorter = { ...chat, messages: [...messages] };
  const body = withMessages(bytes, chat, new Set(messages));
  return { body, reservation: reserveFor(shorter, body.length), droppedMessages };
}

/** The request with some of its messages, and all else to the digit. */
function withMessages(bytes: Buffer, chat: ChatRequest, kept: ReadonlySet<unknown>): Buffer {
  const body = parseLossless(bytes.toString('utf8')) as ChatRequest;
  return Buffer.from(
    writeLossless({ ...body, messages: body.messages.filter((_, at) => kept.has(chat.messages[at])) }),
  );
}
