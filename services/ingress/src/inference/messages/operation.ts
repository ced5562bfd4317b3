import type { IncomingHttpHeaders } from 'node:http';
import { type ChatRequest, parseLossless, writeLossless } from '@sluice/protocol';
import {
  createMessageStream,
  type MessagesRequest,
  type MessageStreamNeeds,
  parseMessagesRequest,
  pingEvent,
  toChatRequest,
  toMessage,
  toMessagesField,
  toMessagesError,
} from '@sluice/surfaces';
import type { ErrorForm } from '../../middleware/error-form.ts';
import { reserveChat } from '../chat/reserve.ts';
import { shapeChat } from '../chat/shape.ts';
import type { Operation } from '../operation.ts';
import type { StreamForm } from '../reply/answer-form.ts';
import { withCopy } from '../reply/copied-reply.ts';
import type { ReplyNeeds } from '../reply/reply.ts';
import { createStreamReply } from '../reply/stream-reply.ts';
import { createWholeReply } from '../reply/whole-reply.ts';

/** A request before its translation, and the translated one. */
export type MessagesOrder =
  | { readonly kind: 'asked'; readonly request: MessagesRequest }
  | { readonly kind: 'translated'; readonly chat: ChatRequest };

/** Flavours of an answer, which clients send without being asked. */
const mayDrop = ['reasoning_effort', 'top_k', 'service_tier'];

export const messagesErrors: ErrorForm = toMessagesError;

/** `POST /v1/messages`: Anthropic's Messages API. */
export const messages: Operation<MessagesOrder> = {
  name: 'chat',
  parse(value) {
    const request = parseMessagesRequest(value);
    return {
      request: { kind: 'asked', request },
      model: request.model,
      stream: request.stream === true,
      parameters: {
        messageCount: request.messages.length,
        temperature: request.temperature ?? undefined,
        maxTokens: request.max_tokens,
      },
    };
  },
  shape(_order, bytes, entry, isNative) {
    // Parsed again, because the inputs of tools may have numbers that JavaScript can't hold.
    const asked = parseLossless(bytes.toString('utf8')) as MessagesRequest;
    const { chat, dropped } = toChatRequest(asked, { isNative });
    const { request, ...shape } = shapeChat(chat, Buffer.from(writeLossless(chat)), entry);
    return { ...shape, request: { kind: 'translated', chat: request }, droppedFields: dropped, mayDrop };
  },
  fieldName: toMessagesField,
  reserve(order, bodyBytes) {
    if (order.kind === 'asked') throw new Error('the request has not been translated');
    return reserveChat(order.chat, bodyBytes);
  },
  native: { protocol: 'messages', upstreamTypes: ['anthropic'], headersOf },
  reply(needs) {
    const requestId = String(needs.response.getHeader('x-request-id') ?? '');
    const named = withRequestId(needs, requestId);
    const reply = needs.stream
      ? createStreamReply(named, formOf({ requestId, promptTokens: needs.promptTokens }))
      : createWholeReply(named, (text, isNative) => (isNative ? text : toMessage(text)));
    return withCopy(reply, needs.copies, needs.stream);
  },
};

/** Anthropic's clients read the id of a request under this name. */
const withRequestId = (needs: ReplyNeeds, requestId: string): ReplyNeeds => ({
  ...needs,
  setHeaders() {
    needs.setHeaders();
    needs.response.setHeader('request-id', requestId);
  },
});

function formOf(needs: MessageStreamNeeds): StreamForm {
  const { reads, onData, end, error } = createMessageStream(needs);
  return { reads, onData, end: () => end(), error, heartbeat: pingEvent };
}

/** Returns the headers of Anthropic's protocol. A header of a beta and the fields of it belong together. */
function headersOf(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('anthropic-') && typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}
