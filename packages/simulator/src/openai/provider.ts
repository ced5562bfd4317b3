import type { Endpoint, Provider } from '../server/provider.ts';
import { chatQuestion, pageQuestion } from '../server/questions.ts';
import { chatAnswerOf } from './chat-answer.ts';
import { readChatRequest } from './chat-request.ts';
import { toEventStream } from './chunks.ts';
import { toCompletion } from './completion.ts';
import { embeddings } from './embeddings.ts';
import { failureOf, internalErrorBody, invalidRequest } from './errors.ts';
import { modelList } from './models.ts';

const prefillRefused = invalidRequest({
  message: 'The last message must not be of the assistant.',
  param: 'messages',
});

const chatCompletions: Endpoint = {
  read(body) {
    const request = readChatRequest(body);
    if (request.kind === 'failure') return request;
    return chatQuestion(request, (behaviour) => {
      if (behaviour.refusesPrefill && request.isPrefill) return prefillRefused;
      const answer = chatAnswerOf(request, behaviour);
      return request.stream ? toEventStream(answer) : toCompletion(answer);
    });
  },
};

const models: Endpoint = {
  read: () => pageQuestion('models', { body: () => modelList, errorBody: internalErrorBody }),
};

const endpoints: Readonly<Record<string, Endpoint>> = {
  'POST /v1/chat/completions': chatCompletions,
  'POST /chat/completions': chatCompletions,
  'POST /v1/embeddings': embeddings,
  'POST /embeddings': embeddings,
  'GET /v1/models': models,
  'GET /models': models,
};

/** OpenAI's chat completions and model list. */
export const openAi: Provider = {
  endpoint: (method, path) => endpoints[`${method} ${path}`],
  failure: failureOf,
};
