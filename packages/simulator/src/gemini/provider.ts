import type { Endpoint, Provider } from '../server/provider.ts';
import { chatQuestion } from '../server/questions.ts';
import { geminiClasses, toEventStream, toWhole } from './answer.ts';
import { readRequest } from './chat-request.ts';
import { batchEmbedContents } from './embeddings.ts';
import { failureOf, invalidArgument } from './errors.ts';
import { models } from './models.ts';

const path = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent|batchEmbedContents)$/;

const prefillRefused = invalidArgument('Please ensure that the last turn is of the user.');

/** Google's Gemini API; a stream has server-sent events with or without `alt=sse` in the query. */
export const gemini: Provider = {
  endpoint(method, at) {
    if (method === 'GET' && at === '/v1beta/models') return models;
    const [, model, action] = path.exec(at) ?? [];
    if (method !== 'POST' || model === undefined) return undefined;
    const name = decodeURIComponent(model);
    if (action === 'batchEmbedContents') return batchEmbedContents(name);
    return generate(name, action === 'streamGenerateContent');
  },
  failure: failureOf,
};

function generate(model: string, stream: boolean): Endpoint {
  return {
    read(body) {
      const request = readRequest(body, model, stream);
      if (request.kind === 'failure') return request;
      const asked = { ...request.chat, model, stream };
      return chatQuestion(
        asked,
        (behaviour) => {
          if (behaviour.refusesPrefill && request.chat.soFar !== '') return prefillRefused;
          return stream ? toEventStream(request, behaviour) : toWhole(request, behaviour);
        },
        geminiClasses,
      );
    },
  };
}
