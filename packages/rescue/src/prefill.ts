import type { Delivered } from '@sluice/protocol';

/**
 * How a server is told to write on where the last message of the assistant ends:
 * - `assistant`: it does so by itself (Anthropic's compatible endpoint, OpenRouter).
 * - `prefix`: by `"prefix": true` in that message (DeepSeek's beta endpoint, Mistral).
 * - `continue_final_message`: by that field, and `"add_generation_prompt": false` (vLLM, SGLang).
 */
export const prefillStyles = ['assistant', 'prefix', 'continue_final_message'] as const;
export type PrefillStyle = (typeof prefillStyles)[number];

type Body = Readonly<Record<string, unknown>>;

/** The request with the answer so far as its last message; the allowed length shrinks by what that took. */
export function withPrefill(body: Body, delivered: Delivered, style: PrefillStyle): Body {
  const { messages } = body;
  const soFar = { role: 'assistant', content: delivered.content, ...(style === 'prefix' ? { prefix: true } : {}) };
  return {
    ...body,
    messages: [...(Array.isArray(messages) ? messages : []), soFar],
    ...shortened(body, delivered.chunks),
    ...(style === 'continue_final_message' ? { continue_final_message: true, add_generation_prompt: false } : {}),
  };
}

function shortened(body: Body, tokens: number): Body {
  const limits = ['max_tokens', 'max_completion_tokens'].flatMap((name) => {
    const limit = body[name];
    return typeof limit === 'number' ? [[name, Math.max(1, limit - tokens)] as const] : [];
  });
  return Object.fromEntries(limits);
}

/** Whether an answer to this request is one text that may be continued: one choice, and no probabilities of tokens. */
export function isContinuable(body: Body): boolean {
  const { n, logprobs } = body;
  return (n === undefined || n === null || n === 1) && logprobs !== true;
}
