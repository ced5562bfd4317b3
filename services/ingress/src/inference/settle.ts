import type { Lease } from '@sluice/admission';
import type { End } from '@sluice/protocol';
import type { RequestEntry } from '@sluice/records';
import type { RequestAccounting } from './accounting/accounting.ts';
import type { FailureFacts } from './exchange/exchange.ts';
import type { Reservation } from './reservation.ts';

/** The consumption of a request, for the limits of its key. */
export type Consumption =
  | { readonly kind: 'complete'; readonly end: End; readonly attempts: number }
  | { readonly kind: 'failed'; readonly facts: FailureFacts };

/** The end of a request as its client knows it. */
export type Ending = Pick<RequestEntry, 'outcome' | 'status' | 'code'>;

export interface Settlement {
  readonly lease: Pick<Lease, 'release'>;
  readonly reservation: Reservation;
  readonly consumption: Consumption;
  /** Absent for a request without budgets and ledger entry. */
  readonly accounting?: Pick<RequestAccounting, 'settled'> | undefined;
  readonly ending: Ending;
  /** Times and source of the answer, for the ledger entry. */
  readonly course: () => Pick<RequestEntry, 'queueWaitMs' | 'ttftMs' | 'servedModel' | 'upstream'>;
}

/**
 * Releases the lease and corrects the reserved tokens to the used ones: the provider's own count, or else the estimated
 * prompt and one token for each event. A prompt that was sent to a provider is spent, even if no answer began, and
 * whichever side ended the request. The request still counts against the requests per minute, as with OpenAI. Budgets
 * are charged the cost that workers report.
 *
 * A chat is charged once for all attempts, because the gateway decides on the further ones. Embeddings, where one
 * request can take many calls, are charged for each attempt.
 *
 * @returns the cost of the request, in micro-dollars
 */
export function settle({ lease, reservation, consumption, accounting, ending, course }: Settlement): number {
  const { attempts } = consumption.kind === 'complete' ? consumption : consumption.facts;
  const again = reservation.isPaidPerAttempt ? Math.max(0, attempts - 1) : 0;
  const tokens = usedTokens(reservation, consumption) + again * reservation.prompt;
  const billed = bill(reservation, consumption, again);
  lease.release({
    requests: again,
    tokens: tokens - reservation.total,
    settled: accounting?.settled({ ...ending, ...course(), attempts, ...billed }),
  });
  return billed.costMicros;
}

/** Returns tokens and cost for the ledger entry. */
function bill(reservation: Reservation, consumption: Consumption, again: number): Bill {
  const { costMicros = 0, isEstimated = false } = consumption.kind === 'complete' ? consumption.end : consumption.facts;
  const usage = consumption.kind === 'complete' ? consumption.end.usage : undefined;
  if (usage !== undefined && isPlausible(usage.total_tokens, reservation)) {
    const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage;
    return { inputTokens, outputTokens, costMicros, estimated: isEstimated };
  }
  const { attempts, events } =
    consumption.kind === 'complete' ? { attempts: 1, ...consumption.end } : consumption.facts;
  const hasCalled = attempts > 0 || events > 0;
  return {
    inputTokens: hasCalled ? reservation.prompt * (1 + again) : 0,
    outputTokens: events,
    costMicros,
    estimated: hasCalled || isEstimated,
  };
}

type Bill = Pick<RequestEntry, 'inputTokens' | 'outputTokens' | 'costMicros' | 'estimated'>;

/**
 * A reported usage is plausible up to this multiple of the reservation: the length of reasoning can't be predicted …
 */
const plausibleTimes = 100;
/** … and up to this many tokens in any case: about the largest context of a model. */
const plausibleTokens = 1_000_000;

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

/** Without this check, an impossible number would lock the key out for hours; then our own count applies. */
const isPlausible = (tokens: number, { total }: Reservation): boolean =>
  tokens >= 0 && tokens <= Math.max(plausibleTokens, total * plausibleTimes);
