import type { Usage } from '@sluice/protocol';
import type { WholeTranslation } from '../adapter.ts';
import type { AnswerIdentity, FinishReason } from './chunk-writer.ts';
import { believe } from './usage.ts';

/** Whole answer with one choice, in the terms of OpenAI's protocol. */
export interface Completion extends AnswerIdentity {
  readonly message: CompletionMessage;
  readonly finishReason: FinishReason;
  readonly usage: Usage | undefined;
  /** Serializes the answer: `writeLossless` if it holds values from `parseLossless`. Default: `JSON.stringify`. */
  readonly write?: (answer: object) => string;
}

export interface CompletionMessage {
  /** Null if the answer consists of tool calls or a refusal. */
  readonly content: string | null;
  readonly reasoning_content?: string;
  readonly refusal?: string | null;
  /** Each a {@link ToolCall}, or a normalised call of a provider with OpenAI's protocol. */
  readonly tool_calls?: readonly unknown[];
  /** Members beyond OpenAI's, such as data that a provider expects back in the next turn. */
  readonly [extension: string]: unknown;
}

export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
  readonly [extension: string]: unknown;
}

/** Writes the whole answer of a provider with another protocol than OpenAI's. */
export function writeCompletion(completion: Completion): WholeTranslation {
  const { id, created, model, message, finishReason, write = JSON.stringify } = completion;
  const usage = believe(completion.usage);
  const choice = {
    index: 0,
    message: { role: 'assistant', refusal: null, ...message },
    logprobs: null,
    finish_reason: finishReason,
  };
  const text = write({
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [choice],
    ...(usage === undefined ? {} : { usage }),
  });
  return { kind: 'complete', text, summary: { usage, finishReason, responseModel: model } };
}
