import { defaultAnswerTokens, estimateTokens } from '@sluice/policy';
import type { ChatRequest, EmbeddingsRequest } from '@sluice/protocol';

/** What to reserve for a request, and which part of it is the prompt. Tokens. */
export interface Reservation {
  readonly total: number;
  readonly prompt: number;
}

/** Estimates before the provider has counted. Pictures, sounds and files count by piece, not by their bytes. */
export function reserveFor(request: ChatRequest, bodyBytes: number): Reservation {
  let media = 0;
  let mediaBytes = 0;
  for (const { content } of request.messages) {
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      if (part.type === 'text' || part.type === 'refusal') continue;
      media++;
      mediaBytes += textLengthOf(part);
    }
  }
  const prompt = estimateTokens({ textBytes: Math.max(0, bodyBytes - mediaBytes), media });
  const perAnswer = request.max_completion_tokens ?? request.max_tokens ?? defaultAnswerTokens;
  return { prompt, total: prompt + perAnswer * (request.n ?? 1) };
}

/** Texts of a part and of the objects in it: `{ type, image_url: { url } }`. Base64 is a byte a character. */
function textLengthOf(part: object): number {
  let length = 0;
  for (const value of Object.values(part) as unknown[]) {
    if (typeof value === 'string') length += value.length;
    if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value) as unknown[]) if (typeof inner === 'string') length += inner.length;
    }
  }
  return length;
}

/** The same for embeddings, of which the prompt is all there is. */
export function reserveForEmbeddings({ input }: EmbeddingsRequest, bodyBytes: number): Reservation {
  const lists: readonly unknown[] = Array.isArray(input) ? input : [];
  const counted = lists.flat().filter((token) => typeof token === 'number').length;
  const prompt = counted > 0 ? counted : estimateTokens({ textBytes: bodyBytes, media: 0 });
  return { prompt, total: prompt };
}
