import { type ChatBody, type ChatMessage, type Delivered, membersOf } from '@sluice/protocol';

/**
 * Ways to tell a server to continue the last assistant message:
 * - `assistant`: the server does so by default (Anthropic's compatible endpoint, OpenRouter).
 * - `prefix`: by `"prefix": true` in that message (DeepSeek's beta endpoint, Mistral).
 * - `continue_final_message`: by that field, and `"add_generation_prompt": false` (vLLM, SGLang).
 */
export const prefillStyles = ['assistant', 'prefix', 'continue_final_message'] as const;
export type PrefillStyle = (typeof prefillStyles)[number];

/** Returns the request with the answer so far as its last message, and a length limit reduced by its length. */
export function withPrefill(body: ChatBody, delivered: Delivered, style: PrefillStyle): ChatBody {
  return { ...withAnswerSoFar(body, delivered.content, style), ...shortened(body, delivered.chunks) };
}

/** Instruction for a model that cannot continue a message. */
const instruction: ChatMessage = {
  role: 'user',
  content:
    'Continue your last message exactly where it stopped. Repeat nothing of it, and do not introduce what follows.',
};

/** Returns the request with the answer so far, to be extended by the full length that the client allows. */
export function withAnswerSoFar(body: ChatBody, content: string, style: PrefillStyle | 'none'): ChatBody {
  const { messages = [] } = body;
  const soFar: ChatMessage = { role: 'assistant', content, ...(style === 'prefix' ? { prefix: true } : {}) };
  return {
    ...body,
    messages: [...messages, soFar, ...(style === 'none' ? [instruction] : [])],
    ...(style === 'continue_final_message' ? { continue_final_message: true, add_generation_prompt: false } : {}),
  };
}

function shortened(body: ChatBody, tokens: number): ChatBody {
  const limits = ['max_tokens', 'max_completion_tokens'].flatMap((name) => {
    const limit = body[name];
    return typeof limit === 'number' ? [[name, Math.max(1, limit - tokens)] as const] : [];
  });
  return Object.fromEntries(limits);
}

/** Returns whether an answer to this request can be resumed: one choice, and no token probabilities. */
export function isContinuable(body: ChatBody): boolean {
  const { n, logprobs } = body;
  return (n === undefined || n === null || n === 1) && logprobs !== true;
}

/** Returns whether an answer that reached its limit may be extended. JSON restarted in its middle would be invalid. */
export function isExtensible(body: ChatBody): boolean {
  const { response_format: format } = body;
  const { type } = membersOf(format);
  return isContinuable(body) && (type === undefined || type === 'text');
}
