import { chatAnswerOf } from '../openai/chat-answer.ts';
import { openAi } from '../openai/provider.ts';
import type { Endpoint, Provider } from '../server/provider.ts';
import { chatQuestion } from '../server/questions.ts';
import { toBody, toFrames } from './app-answer.ts';
import { readAppRequest } from './app-request.ts';
import { tooManyInputs } from './embeddings.ts';
import { errorOf, failureOf } from './errors.ts';

const completion = /^\/api\/v1\/apps\/([^/]+)\/completion$/;
const agent = /^\/api\/v2\/apps\/agent\/[^/]+\/compatible-mode\/v1\/chat\/completions$/;
const plainModels = '/compatible-mode/v1/';

const application = (appId: string): Endpoint => ({
  read(body, { headers }) {
    const request = readAppRequest(appId, body, headers);
    if (request.kind === 'failure') return request;
    return chatQuestion(request.chat, (behaviour) => {
      const answer = chatAnswerOf(request.chat, behaviour);
      return request.chat.stream ? toFrames(request, answer) : toBody(request, answer);
    });
  },
});

/** An endpoint of OpenAI's newer protocol, which refuses requests of the older one. */
const misunderstood: Endpoint = {
  read: () => errorOf(400, 'InvalidParameter', 'Agent request must contain input messages'),
};

function plainModel(method: string, resource: string): Endpoint | undefined {
  const endpoint = openAi.endpoint(method, `/v1/${resource}`);
  if (endpoint === undefined || resource !== 'embeddings') return endpoint;
  return { read: (body, surroundings) => tooManyInputs(body) ?? endpoint.read(body, surroundings) };
}

/** Aliyun's Bailian: applications by the provider's own protocol, plain models by OpenAI's. */
export const bailian: Provider = {
  endpoint(method, path) {
    if (path.startsWith(plainModels)) return plainModel(method, path.slice(plainModels.length));
    if (method !== 'POST') return undefined;
    const appId = completion.exec(path)?.[1];
    if (appId !== undefined) return application(decodeURIComponent(appId));
    return agent.test(path) ? misunderstood : undefined;
  },
  failure: (reason, context) =>
    context.path.startsWith(plainModels) ? openAi.failure(reason, context) : failureOf(reason, context),
};
