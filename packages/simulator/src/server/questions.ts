import { allClasses, type Classes, noClasses, splitPrompt } from '../bill/tokens.ts';
import { hashConversation } from '../faults/conversations.ts';
import { splitSuffix } from '../faults/directives.ts';
import type { Billing, Question } from './provider.ts';

/** Bodies of a request that is not a chat: the normal one, and the one with the fault `errev`. */
export interface Bodies {
  readonly body: () => string;
  readonly errorBody: string;
}

/** Embeddings: their bodies, and their tokens. */
export interface EmbeddingBodies extends Bodies {
  readonly promptTokens: number;
  /** False if the body has no usage. */
  readonly tellsUsage?: boolean;
}

/** Properties of a chat request in every protocol. */
export interface AskedChat extends Pick<Question, 'model' | 'stream' | 'directives' | 'conversation'> {
  readonly promptTokens: number;
  readonly rid: string | undefined;
}

/** Returns a chat request with this answer. @param classes those of the provider's bill */
export const chatQuestion = (
  { model, stream, directives, conversation, promptTokens, rid }: AskedChat,
  answer: Question['answer'],
  classes: Classes = allClasses,
): Question => ({
  kind: 'question',
  model,
  stream,
  directives,
  conversation,
  answer,
  bill: billingOf({ promptTokens, rid, classes }),
});

const billingOf = ({
  promptTokens,
  rid,
  classes,
}: Pick<AskedChat, 'promptTokens' | 'rid'> & { readonly classes: Classes }): Billing => ({
  classes,
  rid,
  prompt: (behaviour) => splitPrompt(promptTokens, behaviour, classes),
});

/** Returns a request for embeddings of these inputs, which may be any JSON values. */
export function embeddingQuestion(model: string, inputs: unknown, bodies: EmbeddingBodies): Question {
  const text = JSON.stringify(inputs);
  return {
    ...fixed(bodies, bodies.tellsUsage),
    model,
    directives: splitSuffix(model).directives,
    conversation: hashConversation(`${model}\n${text}`),
    bill: billingOf({ promptTokens: bodies.promptTokens, rid: ridIn(text), classes: noClasses }),
  };
}

/** Returns a request for a page without a model. The name distinguishes it from others. */
export const pageQuestion = (name: string, bodies: Bodies): Question => ({
  ...fixed(bodies),
  conversation: hashConversation(name),
});

const fixed = ({ body, errorBody }: Bodies, tellsUsage = true): Omit<Question, 'conversation'> => ({
  kind: 'question',
  model: '',
  stream: false,
  directives: [],
  answer: ({ fault }) => ({
    kind: 'whole',
    body: fault?.name === 'errev' ? errorBody : body(),
    tokens: 0,
    steps: 0,
    tellsUsage,
    isFree: fault?.name === 'errev',
  }),
});

/** Returns the value of `rid=…` in a text. */
const ridIn = (text: string): string | undefined => /\brid=([A-Za-z0-9-]+)/.exec(text)?.[1];
