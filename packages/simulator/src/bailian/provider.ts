import { noClasses, type PromptTokens, splitPrompt } from '../bill/tokens.ts';
import type { Behaviour } from '../faults/behaviour.ts';
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
    const { chat } = request;
    const question = chatQuestion(chat, (behaviour) => {
      const answer = chatAnswerOf(chat, behaviour);
      return chat.stream ? toFrames(request, answer) : toBody(request, answer);
    });
    // A model that reasons and a model that writes read the prompt, each for itself.
    const readers = ({ reasoningTokens }: Behaviour): number => (reasoningTokens > 0 ? 2 : 1);
    const prompt = (behaviour: Behaviour): PromptTokens =>
      splitPrompt(chat.promptTokens * readers(behaviour), behaviour, noClasses);
    return { ...question, bill: { classes: noClasses, rid: chat.rid, prompt } };
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
