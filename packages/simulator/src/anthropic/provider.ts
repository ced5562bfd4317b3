import type { Endpoint, Provider } from '../server/provider.ts';
import { chatQuestion } from '../server/questions.ts';
import { answerOf } from './answer.ts';
import { failureOf, invalidRequest } from './errors.ts';
import { toEventStream } from './events.ts';
import { toMessage } from './message.ts';
import { readMessagesRequest } from './messages-request.ts';
import { modelsOf } from './models.ts';

const prefillRefused = invalidRequest(
  'This model does not support assistant message prefill. The conversation must end with a user message.',
);

const messages: Endpoint = {
  read(body) {
    const request = readMessagesRequest(body);
    if (request.kind === 'failure') return request;
    return chatQuestion(request, (behaviour) => {
      if (behaviour.refusesPrefill && request.soFar !== '') return prefillRefused;
      const answer = answerOf(request, behaviour);
      return request.stream ? toEventStream(answer) : toMessage(answer);
    });
  },
};

/** Anthropic's Messages API. */
export const anthropic: Provider = {
  intercept: modelsOf,
  endpoint: (method, path) => (method === 'POST' && path === '/v1/messages' ? messages : undefined),
  failure: failureOf,
};
