import { billedOf, type ChatAnswer, createdSeconds, reasoningText, usageOf } from '../openai/chat-answer.ts';
import type { EventStream } from '../server/provider.ts';

const createdAt = new Date(createdSeconds * 1000).toISOString();

export const internalErrorLine = `${JSON.stringify({ error: 'an error was encountered while running the model' })}\n`;

/** The body of `GET /api/tags`. */
export const modelTags = JSON.stringify({
  models: [{ name: 'demo:latest', model: 'demo:latest', modified_at: createdAt }],
});

/** A call in Ollama's form: its arguments are an object, and it has no id. */
export interface OllamaCall {
  readonly function: { readonly name: string; readonly arguments: unknown };
}

interface CalledFunction {
  readonly function: { readonly name: string; readonly arguments: string };
}

/** Converts calls. Truncated arguments are omitted. */
export const toCalls = (calls: readonly CalledFunction[] = []): readonly OllamaCall[] =>
  calls.map(({ function: { name, arguments: text } }) => ({ function: { name, arguments: parse(text) } }));

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}

/** Members of the last line, or of a whole answer. */
export const ending = (finishReason: string, tokens: { readonly prompt: number; readonly answer: number }): object => ({
  done_reason: finishReason === 'length' ? 'length' : 'stop',
  done: true,
  total_duration: 1_000_000,
  load_duration: 1000,
  prompt_eval_count: tokens.prompt,
  prompt_eval_duration: 1000,
  eval_count: tokens.answer,
  eval_duration: 1000,
});

export const line = (model: string, message: object, more: object = { done: false }): string =>
  `${JSON.stringify({ model, created_at: createdAt, message: { role: 'assistant', content: '', ...message }, ...more })}\n`;

/** Writes an answer as lines of JSON. A call is one line. */
export function toLines(answer: ChatAnswer): EventStream {
  const { request, content, reasoningTokens, identity } = answer;
  const { model } = identity;
  const calls = toCalls(content.message(0, content.tokens).tool_calls);
  const usage = usageOf(answer, content.tokens);
  const tokens = { prompt: usage.prompt_tokens, answer: usage.completion_tokens / request.choices };

  function say(seq: number): string {
    if (calls.length > 0) return line(model, { tool_calls: calls.slice(seq, seq + 1) });
    return line(model, JSON.parse(content.delta(0, seq)) as object);
  }

  return {
    kind: 'stream',
    contentType: 'application/x-ndjson',
    opening: '',
    steps: reasoningTokens + (calls.length > 0 ? calls.length : content.tokens),
    leadSteps: reasoningTokens,
    tokensPerStep: 1,
    billed: billedOf(answer, content.tokens),
    step: (index) =>
      index < reasoningTokens ? line(model, { thinking: reasoningText(index) }) : say(index - reasoningTokens),
    closing: '',
    terminator: line(model, {}, ending(content.finishReason, tokens)),
    failure: internalErrorLine,
    broken: '{"model":"demo","message":{"content":"bro\n',
    carrying: (text) => line(model, { content: text }),
  };
}
