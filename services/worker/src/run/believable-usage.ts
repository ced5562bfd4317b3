import { defaultAnswerTokens, estimateTokens } from '@sluice/policy';
import type { ChatBody, Usage } from '@sluice/protocol';

/** Upper bound of a believable count, in tokens. */
const mostBelievable = 10_000_000;
/** A count of more than this many times the reservation is wrong … */
const mostTimes = 100;
/** … if it exceeds this many tokens: hidden reasoning can cost far more than the length of the prompt suggests. */
const alwaysBelieved = 1_000_000;

/** Returns the provider's count, or undefined if it can't be true; the ingress then counts the events of the answer. */
export function believableUsage(usage: Usage | undefined, body: ChatBody): Usage | undefined {
  if (usage === undefined) return undefined;
  const counts = [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
  if (counts.every((count) => count >= 0 && count <= alwaysBelieved)) return usage;
  const most = Math.min(mostBelievable, Math.max(alwaysBelieved, mostTimes * reservationOf(body)));
  return counts.every((count) => Number.isFinite(count) && count >= 0 && count <= most) ? usage : undefined;
}

/** The tokens that an ingress reserves: the prompt by its length, plus the longest answer that the request allows. */
function reservationOf(body: ChatBody): number {
  const limits = [body['max_tokens'], body['max_completion_tokens']].filter((limit) => typeof limit === 'number');
  const prompt = estimateTokens({ textBytes: JSON.stringify(body).length, media: 0 });
  return prompt + Math.max(defaultAnswerTokens, ...limits);
}
