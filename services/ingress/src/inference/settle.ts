import type { Lease } from '@sluice/admission';
import type { End } from '@sluice/protocol';
import type { FailureFacts } from './exchange/exchange.ts';
import type { Reservation } from './reservation.ts';

/** The result of a request, as far as its limits are concerned. */
export type Consumption =
  | { readonly kind: 'complete'; readonly end: End; readonly attempts: number }
  | { readonly kind: 'failed'; readonly facts: FailureFacts };

/** A usage may be up to this many times the reservation, because the length of reasoning can't be predicted … */
const plausibleTimes = 100;
/** … and up to this many tokens in any case: about the largest context that models have. */
const plausibleTokens = 1_000_000;

/**
 * Gives the request's place back and corrects what was reserved to what was used: the provider's own count, or else the
 * estimated prompt and an event per token. A prompt that was sent to a provider is spent, whether or not an answer
 * began and whichever side ended it. The request's share of the requests per minute stays spent, as with OpenAI.
 *
 * A chat is charged once however many calls it took: the further ones are ours to decide. Embeddings, of which one
 * request may be many calls, are charged for each attempt.
 */
export function settle(lease: Lease, reservation: Reservation, consumption: Consumption): void {
  const { attempts } = consumption.kind === 'complete' ? consumption : consumption.facts;
  const again = reservation.isPaidPerAttempt ? Math.max(0, attempts - 1) : 0;
  const tokens = usedTokens(reservation, consumption) + again * reservation.prompt;
  lease.release({ requests: again, tokens: tokens - reservation.total });
}

function usedTokens(reservation: Reservation, consumption: Consumption): number {
  if (consumption.kind === 'complete') {
    const { usage, events } = consumption.end;
    const counted = reservation.prompt + events;
    if (usage === undefined) return counted;
    return isPlausible(usage.total_tokens, reservation) ? usage.total_tokens : Math.max(counted, reservation.total);
  }
  const { facts } = consumption;
  return facts.attempts === 0 && facts.events === 0 ? 0 : reservation.prompt + facts.events;
}

/** Otherwise our own count stands: a number that no answer has would lock the key out for hours. */
const isPlausible = (tokens: number, { total }: Reservation): boolean =>
  tokens >= 0 && tokens <= Math.max(plausibleTokens, total * plausibleTimes);
