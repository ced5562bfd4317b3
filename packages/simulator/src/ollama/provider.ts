import { noClasses } from '../bill/tokens.ts';
import { chatAnswerOf } from '../openai/chat-answer.ts';
import { toCompletion } from '../openai/completion.ts';
import { openAi } from '../openai/provider.ts';
import type { Endpoint, Provider } from '../server/provider.ts';
import { chatQuestion, pageQuestion } from '../server/questions.ts';
import { readOllamaRequest } from './chat-request.ts';
import { embeddings } from './embeddings.ts';
import { failure, inOwnWords } from './errors.ts';
import { internalErrorLine, modelTags, toLines } from './lines.ts';
import { toWhole } from './whole.ts';

const chat: Endpoint = {
  read(body) {
    const read = readOllamaRequest(body);
    if (read.kind === 'failure') return read;
    const { request, thinks } = read;
    return chatQuestion(
      request,
      (behaviour) => {
        const answer = chatAnswerOf(request, thinks ? behaviour : { ...behaviour, reasoningTokens: 0 });
        return request.stream ? toLines(answer) : toWhole(toCompletion(answer));
      },
      noClasses,
    );
  },
};

const tags: Endpoint = {
  read: () => pageQuestion('tags', { body: () => modelTags, errorBody: internalErrorLine.trimEnd() }),
};

const endpoints: Readonly<Record<string, Endpoint>> = {
  'POST /api/chat': chat,
  'POST /api/embed': embeddings,
  'GET /api/tags': tags,
};

/** Ollama's own protocol. Its compatible one is OpenAI's. */
export const ollama: Provider = {
  isOpen: true,
  endpoint: (method, path) => endpoints[`${method} ${path}`],
  failure(reason, context) {
    if (reason.name === 'e' && reason.value === 404) {
      return failure(404, `model '${context.model}' not found`);
    }
    return inOwnWords(openAi.failure(reason, context));
  },
};
