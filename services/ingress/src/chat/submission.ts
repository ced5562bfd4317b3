import { compressContext } from '@sluice/policy';
import type { ChatRequest } from '@sluice/protocol';
import { type Reservation, reserveFor } from './measure-prompt.ts';
import type { ModelEntry } from './resolve-model.ts';

/** What is sent of a request, and what is reserved for that. */
export interface Submission {
  /** JSON. */
  readonly body: Buffer;
  readonly reservation: Reservation;
  /** Messages that were left out of it. */
  readonly droppedMessages: number;
}

/** A chat request as its model wants it. The client's own bytes where nothing changes. */
export function submitChat(chat: ChatRequest, bytes: Buffer, { contextRounds }: ModelEntry): Submission {
  const { messages, droppedMessages } =
    contextRounds === undefined
      ? { messages: chat.messages, droppedMessages: 0 }
      : compressContext(chat.messages, contextRounds);
  if (droppedMessages === 0) return { body: bytes, reservation: reserveFor(chat, bytes.length), droppedMessages };
  const compressed = { ...chat, messages: [...messages] };
  const body = Buffer.from(JSON.stringify(compressed));
  return { body, reservation: reserveFor(compressed, body.length), droppedMessages };
}
