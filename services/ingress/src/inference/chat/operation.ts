import { type ChatRequest, parseChatRequest } from '@sluice/protocol';
import type { Operation } from '../operation.ts';
import { withCopy } from '../reply/copied-reply.ts';
import { createStreamReply } from '../reply/stream-reply.ts';
import { withThinking } from '../reply/thinking-reply.ts';
import { createWholeReply } from '../reply/whole-reply.ts';
import { reserveChat } from './reserve.ts';
import { shapeChat } from './shape.ts';

/** `POST /v1/chat/completions`. */
export const chat: Operation<ChatRequest> = {
  name: 'chat',
  parse(value) {
    const request = parseChatRequest(value);
    return {
      request,
      model: request.model,
      stream: request.stream === true,
      parameters: {
        messageCount: request.messages.length,
        temperature: request.temperature ?? undefined,
        maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
      },
    };
  },
  shape: shapeChat,
  reserve: reserveChat,
  reply(needs) {
    const reply = needs.stream ? createStreamReply(needs) : createWholeReply(needs);
    return withThinking(withCopy(reply, needs.copies, needs.stream), needs.thinking, needs.stream);
  },
};
