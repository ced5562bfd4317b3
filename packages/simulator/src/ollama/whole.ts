import type { WholeAnswer } from '../server/provider.ts';
import { ending, internalErrorLine, line, toCalls } from './lines.ts';

interface Completion {
  readonly model: string;
  readonly choices?: readonly {
    readonly finish_reason: string | null;
    readonly message: {
      readonly content: string | null;
      readonly reasoning_content?: string;
      readonly tool_calls?: Parameters<typeof toCalls>[0];
    };
  }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

/** Converts an OpenAI answer, content faults included, to Ollama's. */
export function toWhole(whole: WholeAnswer): WholeAnswer {
  const { model, choices, usage } = JSON.parse(whole.body) as Completion;
  const [choice] = choices ?? [];
  if (choice === undefined) return { ...whole, body: internalErrorLine.trimEnd() };
  const { content, reasoning_content: thinking, tool_calls: calls } = choice.message;
  const message = {
    content: content ?? '',
    ...(thinking === undefined ? {} : { thinking }),
    ...(calls === undefined ? {} : { tool_calls: toCalls(calls) }),
  };
  const tokens = { prompt: usage.prompt_tokens, answer: usage.completion_tokens };
  const end = choice.finish_reason === null ? { done: false } : ending(choice.finish_reason, tokens);
  return { ...whole, body: line(model, message, end).trimEnd() };
}
