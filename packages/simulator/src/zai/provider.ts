import type { Endpoint, Provider } from '../server/provider.ts';
import { chatQuestion } from '../server/questions.ts';
import { toGlmCompletion, toGlmStream } from './answer.ts';
import { failureOf } from './errors.ts';
import { readGlmRequest } from './request.ts';

const chatCompletions: Endpoint = {
  read(body) {
    const request = readGlmRequest(body);
    if (request.kind === 'failure') return request;
    return chatQuestion(request.chat, (behaviour) =>
      request.chat.stream ? toGlmStream(request, behaviour) : toGlmCompletion(request, behaviour),
    );
  },
};

/** The official API of the GLM models. */
export const zai: Provider = {
  endpoint: (method, path) =>
    `${method} ${path}` === 'POST /api/paas/v4/chat/completions' ? chatCompletions : undefined,
  failure: failureOf,
};
