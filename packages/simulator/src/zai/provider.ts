import type { Endpoint, Provider } from '../server/provider.ts';
import { chatQuestion, pageQuestion } from '../server/questions.ts';
import { glmClasses, toGlmCompletion, toGlmStream } from './answer.ts';
import { failureOf, innerFailureBody } from './errors.ts';
import { readGlmRequest } from './request.ts';

const chatCompletions: Endpoint = {
  read(body) {
    const request = readGlmRequest(body);
    if (request.kind === 'failure') return request;
    return chatQuestion(
      request.chat,
      (behaviour) => (request.chat.stream ? toGlmStream(request, behaviour) : toGlmCompletion(request, behaviour)),
      glmClasses,
    );
  },
};

const modelList = JSON.stringify({
  object: 'list',
  data: ['glm-4.5', 'glm-4.6', 'glm-4.7'].map((id) => ({ id, object: 'model', created: 1753632000, owned_by: 'z-ai' })),
});

const models: Endpoint = {
  read: () => pageQuestion('models', { body: () => modelList, errorBody: innerFailureBody }),
};

const endpoints: Readonly<Record<string, Endpoint>> = {
  'POST /api/paas/v4/chat/completions': chatCompletions,
  'GET /api/paas/v4/models': models,
};

/** The official API of the GLM models. */
export const zai: Provider = {
  endpoint: (method, path) => endpoints[`${method} ${path}`],
  failure: failureOf,
};
