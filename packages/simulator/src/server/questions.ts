import { hashConversation } from '../faults/conversations.ts';
import { splitSuffix } from '../faults/directives.ts';
import type { Question } from './provider.ts';

/** Bodies of a request that is not a chat: the normal one, and the one with the fault `errev`. */
export interface Bodies {
  readonly body: () => string;
  readonly errorBody: string;
}

/** Properties of a chat request in every protocol. */
export type AskedChat = Pick<Question, 'model' | 'stream' | 'directives' | 'conversation'>;

/** Returns a chat request with this answer. */
export const chatQuestion = (
  { model, stream, directives, conversation }: AskedChat,
  answer: Question['answer'],
): Question => ({ kind: 'question', model, stream, directives, conversation, answer });

/** Returns a request for embeddings of these inputs, which may be any JSON values. */
export const embeddingQuestion = (model: string, inputs: unknown, bodies: Bodies): Question => ({
  ...fixed(bodies),
  model,
  directives: splitSuffix(model).directives,
  conversation: hashConversation(`${model}\n${JSON.stringify(inputs)}`),
});

/** Returns a request for a page without a model. The name distinguishes it from others. */
export const pageQuestion = (name: string, bodies: Bodies): Question => ({
  ...fixed(bodies),
  conversation: hashConversation(name),
});

const fixed = ({ body, errorBody }: Bodies): Omit<Question, 'conversation'> => ({
  kind: 'question',
  model: '',
  stream: false,
  directives: [],
  answer: ({ fault }) => ({
    kind: 'whole',
    body: fault?.name === 'errev' ? errorBody : body(),
    tokens: 0,
    steps: 0,
  }),
});
