import { defaultAnswerTokens, estimateTokens } from '@sluice/policy';
import type { ChatRequest } from '@sluice/protocol';
import type { Reservation } from '../reservation.ts';

/** Data of an image, sound or file in the request that counts as one piece. */
const mediumBytes = 1024 * 1024;

/**
 * Estimates the tokens of a chat request, until the provider counts them. Images, sounds and files count by piece,
 * because their tokens hardly depend on their bytes. Each MiB begun is a piece, or 20 MB would be as cheap as a link.
 */
export function reserveChat(request: ChatRequest, bodyBytes: number): Reservation {
  let media = 0;
  let mediaBytes = 0;
  for (const { content } of request.messages) {
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      if (part.type === 'text' || part.type === 'refusal') continue;
      const partBytes = textLengthOf(part);
      media += Math.max(1, Math.ceil(partBytes / mediumBytes));
      mediaBytes += partBytes;
    }
  }
  const prompt = estimateTokens({ textBytes: Math.max(0, bodyBytes - mediaBytes), media });
  const choices = request.n ?? 1;
  const longest = longestAnswer(request);
  const answer = longest === undefined ? undefined : longest * choices;
  return { prompt, answer, total: prompt + (answer ?? defaultAnswerTokens * choices), isPaidPerAttempt: false };
}

/** Returns the larger limit: both are sent, and the provider decides which of them applies. */
function longestAnswer({ max_completion_tokens: newer, max_tokens: older }: ChatRequest): number | undefined {
  return newer == null && older == null ? undefined : Math.max(newer ?? 0, older ?? 0);
}

/**
 * Sums the texts of a part and of the objects in it: `{ type, image_url: { url } }`. Base64 has one byte a character.
 */
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
