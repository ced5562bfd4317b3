import { chatAnswerOf } from '../openai/chat-answer.ts';
import { toCompletion } from '../openai/completion.ts';
import { openAi } from '../openai/provider.ts';
import { hashConversation } from '../faults/conversations.ts';
import type { Endpoint, Provider } from '../server/provider.ts';
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
    const { model, stream, directives, conversation } = request;
    return {
      kind: 'question',
      model,
      stream,
      directives,
      conversation,
      answer(behaviour) {
        const answer = chatAnswerOf(request, thinks ? behaviour : { ...behaviour, reasoningTokens: 0 });
        return stream ? toLines(answer) : toWhole(toCompletion(answer));
      },
    };
  },
};

const tags: Endpoint = {
  read: () => ({
    kind: 'question',
    model: '',
    stream: false,
    directives: [],
    conversation: hashConversation('tags'),
    answer: ({ fault }) => ({
      kind: 'whole',
      body: fault?.name === 'errev' ? internalErrorLine.trimEnd() : modelTags,
      tokens: 0,
      steps: 0,
    }),
  }),
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
