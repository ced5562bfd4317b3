import { type ChatRequest, writeLossless } from '@sluice/protocol';
import {
  completionsToChat,
  createCompletionsAnswer,
  parseCompletionsRequest,
  toCompletion,
  toCompletionsField,
} from '@sluice/surfaces';
import { reserveChat } from '../chat/reserve.ts';
import { shapeChat } from '../chat/shape.ts';
import type { Operation } from '../operation.ts';
import { chatForm } from '../reply/answer-form.ts';

export interface CompletionsOrder {
  readonly chat: ChatRequest;
  readonly dropped: readonly string[];
}

/** `POST /v1/completions`: the older API for texts, translated to chats. */
export const completions: Operation<CompletionsOrder> = {
  name: 'chat',
  parse(value) {
    const request = parseCompletionsRequest(value);
    const { chat, dropped, echo } = completionsToChat(request);
    return {
      request: { chat, dropped },
      model: request.model,
      stream: request.stream === true,
      parameters: {
        messageCount: 1,
        temperature: request.temperature ?? undefined,
        maxTokens: request.max_tokens ?? undefined,
      },
      forms: {
        stream() {
          const wantsUsage = request.stream_options?.include_usage === true;
          const { onData } = createCompletionsAnswer({ echo, wantsUsage });
          return { ...chatForm, onData };
        },
        whole: (text) => toCompletion(text, echo),
      },
    };
  },
  shape({ chat, dropped }, _bytes, entry) {
    const { request, ...shape } = shapeChat(chat, Buffer.from(writeLossless(chat)), entry);
    return { ...shape, request: { chat: request, dropped }, droppedFields: dropped };
  },
  fieldName: toCompletionsField,
  reserve: ({ chat }, bodyBytes) => reserveChat(chat, bodyBytes),
  reply() {
    throw new Error('each request brings the forms of its answer');
  },
};
