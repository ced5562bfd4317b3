import { compressContext } from '@sluice/policy';
import { type ChatRequest, parseLossless, writeLossless } from '@sluice/protocol';
import { isExtensible } from '@sluice/answers';
import type { Shaped } from '../operation.ts';
import type { ModelEntry } from '../resolve-model.ts';

/** Fits a chat request to its model: leaves out the oldest rounds. Keeps the client's own bytes if nothing changes. */
export function shapeChat(chat: ChatRequest, bytes: Buffer, entry: ModelEntry): Shaped<ChatRequest> {
  const maxContinuations = isExtensible(chat) ? entry.autoContinue : 0;
  const { messages, droppedMessages } =
    entry.compressContext === undefined
      ? { messages: chat.messages, droppedMessages: 0 }
      : compressContext(chat.messages, entry.compressContext.rounds);
  if (droppedMessages === 0) return { request: chat, body: bytes, droppedMessages, maxContinuations };
  const request = { ...chat, messages: [...messages] };
  return { request, body: withMessages(bytes, chat, new Set(messages)), droppedMessages, maxContinuations };
}

/** Returns the request with some of the messages; all else stays the same to the digit. */
function withMessages(bytes: Buffer, chat: ChatRequest, kept: ReadonlySet<unknown>): Buffer {
  const body = parseLossless(bytes.toString('utf8')) as ChatRequest;
  return Buffer.from(
    writeLossless({ ...body, messages: body.messages.filter((_, at) => kept.has(chat.messages[at])) }),
  );
}
