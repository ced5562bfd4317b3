import { defaultAnswerTokens, estimateTokens } from '@sluice/policy';
import type { Usage } from '@sluice/protocol';
import type { ChatBody } from '@sluice/providers';

/** No request costs more tokens, whatever its provider counts. */
const mostTokens = 10_000_000;
/** A count of more than this many times the reservation is wrong … */
const mostTimes = 100;
/** … if it is beyond this many tokens: hidden reasoning may cost far more than the length of the question suggests. */
const alwaysBelieved = 1_000_000;

/** The provider's count, or undefined where it can't be true; the ingress then counts the events of the answer. */
export function believableUsage(usage: Usage | undefined, body: ChatBody): Usage | undefined {
  if (usage === undefined) return undefined;
  const counts = [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
  if (counts.every((count) => count >= 0 && count <= alwaysBelieved)) return usage;
  const most = Math.min(mostTokens, Math.max(alwaysBelieved, mostTimes * reservationOf(body)));
  return counts.every((count) => Number.isFinite(count) && count >= 0 && count <= most) ? usage : undefined;
}

/** As the ingress reserves: the prompt by its length, and the answer as long as it may be. */
function reservationOf(body: ChatBody): number {
  const limits = [body['max_tokens'], body['max_completion_tokens']].filter((limit) => typeof limit === 'number');
  const prompt = estimateTokens({ textBytes: JSON.stringify(body).length, media: 0 });
  return prompt + Math.max(defaultAnswerTokens, ...limits);
}
