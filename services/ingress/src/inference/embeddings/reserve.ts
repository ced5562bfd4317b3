import { estimateTokens } from '@sluice/policy';
import type { EmbeddingsFacts } from '@sluice/protocol';
import type { Reservation } from '../reservation.ts';

/**
 * Estimates the prompt, the only cost of embeddings. Counts inputs that are tokens, and estimates those that are texts.
 */
export function reserveEmbeddings({ tokens }: Pick<EmbeddingsFacts, 'tokens'>, bodyBytes: number): Reservation {
  const prompt = tokens > 0 ? tokens : estimateTokens({ textBytes: bodyBytes, media: 0 });
  return { prompt, answer: 0, total: prompt, isPaidPerAttempt: true };
}
