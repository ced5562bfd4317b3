import type { Delivered } from '@sluice/protocol';

/**
 * The way a server is told to continue the last message of the assistant where it ends:
 * - `assistant`: it does so by itself (Anthropic's compatible endpoint, OpenRouter).
 * - `prefix`: by `"prefix": true` in that message (DeepSeek's beta endpoint, Mistral).
 * - `continue_final_message`: by that field, and `"add_generation_prompt": false` (vLLM, SGLang).
 */
export const prefillStyles = ['assistant', 'prefix', 'continue_final_message'] as const;
export type PrefillStyle = (typeof prefillStyles)[number];

type Body = Readonly<Record<string, unknown>>;

/** The request with the answer so far as its last message; the allowed length shrinks by what that took. */
export function withPrefill(body: Body, delivered: Delivered, style: PrefillStyle): Body {
  return { ...withAnswerSoFar(body, delivered.content, style), ...shortened(body, delivered.chunks) };
}

/** The instruction for a model that cannot continue a message by itself. */
const request =
  'Continue your last message exactly where it stopped. Repeat nothing of it, and do not introduce what follows.';

/** The request with the answer so far, to be written on with all the length that the client allows for an answer. */
export function withAnswerSoFar(body: Body, content: string, style: PrefillStyle | 'none'): Body {
  const { messages } = body;
  const soFar = { role: 'assistant', content, ...(style === 'prefix' ? { prefix: true } : {}) };
  return {
    ...body,
    messages: [
      ...(Array.isArray(messages) ? (messages as unknown[]) : []),
      soFar,
      ...(style === 'none' ? [{ role: 'user', content: request }] : []),
    ],
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

/** Returns whether an answer to this request is one continuable text: one choice, and no probabilities of tokens. */
export function isContinuable(body: Body): boolean {
  const { n, logprobs } = body;
  return (n === undefined || n === null || n === 1) && logprobs !== true;
}

/** Returns whether an answer that met its limit may be extended. JSON restarted in its middle would be invalid. */
export function isExtensible(body: Body): boolean {
  const { response_format: format } = body;
  const type: unknown = typeof format === 'object' && format !== null ? Reflect.get(format, 'type') : undefined;
  return isContinuable(body) && (type === undefined || type === 'text');
}
