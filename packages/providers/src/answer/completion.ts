import type { Usage } from '@sluice/protocol';
import type { WholeTranslation } from '../adapter.ts';
import type { AnswerIdentity, FinishReason } from './chunk-writer.ts';
import { isPlausible } from './usage.ts';

/** A whole answer with one choice, in the words of OpenAI's protocol. */
export interface Completion extends AnswerIdentity {
  readonly message: CompletionMessage;
  readonly finishReason: FinishReason;
  readonly usage: Usage | undefined;
}

export interface CompletionMessage {
  /** Null where the answer consists of tool calls or a refusal. */
  readonly content: string | null;
  readonly reasoning_content?: string;
  readonly refusal?: string | null;
  readonly tool_calls?: readonly ToolCall[];
  /** Members beyond OpenAI's, such as what a provider wants back in the next turn. */
  readonly [extension: string]: unknown;
}

export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
  readonly [extension: string]: unknown;
}

/** Writes a whole answer of a provider that does not speak OpenAI's protocol. */
export function writeCompletion(completion: Completion): WholeTranslation {
  const { id, created, model, message, finishReason } = completion;
  const usage = completion.usage !== undefined && isPlausible(completion.usage) ? completion.usage : undefined;
  const choice = {
    index: 0,
    message: { role: 'assistant', refusal: null, ...message },
    logprobs: null,
    finish_reason: finishReason,
  };
  // All strings are as the client gets them.
  const text = JSON.stringify({
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [choice],
    ...(usage === undefined ? {} : { usage }),
  });
  return { kind: 'complete', text, summary: { usage, finishReason, responseModel: model } };
}
