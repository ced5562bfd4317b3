import type { ChatRequest } from '@sluice/protocol';
import type { ChatBody } from '../adapter.ts';

/**
 * A request whose unsupported fields may have been removed. `top_k` is not a field of OpenAI's, but many clients send
 * it.
 */
export type GeminiRequest = Partial<ChatRequest> & { readonly top_k?: number };

/** Narrows the type; the ingress has validated the body. */
export const readRequest = (body: ChatBody): GeminiRequest => body;
