import { hashConversation } from '../faults/conversations.ts';
import { splitSuffix } from '../faults/directives.ts';
import type { Question } from './provider.ts';

/** The content of a body that is no chat, and its content under the fault `errev`. */
export interface Bodies {
  readonly body: () => string;
  readonly errorBody: string;
}

/** The properties that a chat request states in every protocol. */
export type AskedChat = Pick<Question, 'model' | 'stream' | 'directives' | 'conversation'>;

/** A chat request that is answered like this. */
export const chatQuestion = (
  { model, stream, directives, conversation }: AskedChat,
  answer: Question['answer'],
): Question => ({ kind: 'question', model, stream, directives, conversation, answer });

/** A request for embeddings of these inputs, which may be anything that JSON can write. */
export const embeddingQuestion = (model: string, inputs: unknown, bodies: Bodies): Question => ({
  ...fixed(bodies),
  model,
  directives: splitSuffix(model).directives,
  conversation: hashConversation(`${model}\n${JSON.stringify(inputs)}`),
});

/** A page that belongs to no model. The name tells it from others. */
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
