import type { Ticket } from '@sluice/admission';
import type { End } from '@sluice/protocol';
import type { FailureFacts } from './exchange.ts';
import type { Reservation } from './measure-prompt.ts';

/** How a request came out, as far as its limits are concerned. */
export type Consumption =
  | { readonly kind: 'complete'; readonly end: End }
  | { readonly kind: 'failed'; readonly facts: FailureFacts | undefined };

/**
 * Gives the request's place back and corrects what was reserved to what was used: the provider's own count, or else the
 * estimated prompt and an event per token. A request that failed before its first token has used none; its share of the
 * requests per minute stays spent, as with OpenAI.
 */
export function settle(ticket: Ticket, reservation: Reservation, consumption: Consumption): void {
  ticket.release({ requests: 0, tokens: usedTokens(reservation, consumption) - reservation.total });
}

function usedTokens(reservation: Reservation, consumption: Consumption): number {
  if (consumption.kind === 'complete') {
    const { usage, events } = consumption.end;
    return usage?.total_tokens ?? reservation.prompt + events;
  }
  const events = consumption.facts?.events;
  if (events === undefined) return reservation.total;
  return events === 0 ? 0 : reservation.prompt + events;
}
