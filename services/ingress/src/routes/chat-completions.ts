import { parseChatRequest } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { serve, type ServeNeeds } from '../chat/serve.ts';
import { submitChat } from '../chat/submission.ts';
import { observationOf } from '../context.ts';
import { takeJson } from '../middleware/read-json.ts';

/** `POST /v1/chat/completions`: validate, admit, hand over to a worker, reply. */
export function chatCompletions(needs: ServeNeeds): RequestHandler {
  return (request, response) => {
    const { value, bytes } = takeJson(request);
    const chat = parseChatRequest(value);
    observationOf(response).asked({
      messageCount: chat.messages.length,
      temperature: chat.temperature ?? undefined,
      maxTokens: chat.max_completion_tokens ?? chat.max_tokens ?? undefined,
    });
    return serve(needs, response, {
      operation: 'chat',
      model: chat.model,
      stream: chat.stream === true,
      submission: (entry) => submitChat(chat, bytes, entry),
    });
  };
}
