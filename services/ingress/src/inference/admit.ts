import type { Admission, KeyLimits, Rates, Lease, Turn } from '@sluice/admission';
import { GatewayError } from '@sluice/protocol';
import { asRedisAway } from '../redis-away.ts';
import { refusalError } from './refusal-error.ts';

/** A request that has its lease and may run. */
export interface Admitted {
  readonly lease: Lease;
  /** Redis's clock at the admission, ms since 1970. */
  readonly redisNow: number;
  readonly rates: Rates;
  /** Time as a waiter. */
  readonly waitedMs: number;
}

export interface AdmitRequest {
  readonly requestId: string;
  readonly keyId: string;
  readonly limits: KeyLimits;
  /** Share of the key in the turns of the waiters. */
  readonly weight: number;
  /** Estimate; the provider's count corrects it. */
  readonly tokens: number;
  /** Maximum time as a waiter. */
  readonly maxWaitMs: number;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /** Called with the state of the rates, also for a refused request. */
  readonly onRates: (rates: Rates) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Gets a lease for a request; waits for one if need be.
 * @throws GatewayError if the request is refused or waits too long, if its client leaves, or if Redis is away
 */
export async function admit(admission: Pick<Admission, 'acquire'>, request: AdmitRequest): Promise<Admitted> {
  const verdict = await admission.acquire(request).catch((error: unknown) => {
    throw asRedisAway(error) ?? error;
  });
  request.onRates(verdict.rates);
  if (verdict.kind === 'refused') {
    const { reason, retryAfterMs } = verdict;
    throw refusalError({ reason, retryAfterMs, limits: request.limits, tokens: request.tokens });
  }
  const { lease, rates, redisNow } = verdict;
  if (!lease.mustWait) return { lease, rates, redisNow, waitedMs: 0 };

  const since = request.now();
  const end = await waitForTurn(lease, request);
  const waitedMs = request.now() - since;
  if (end === 'run') return { lease, rates, redisNow: redisNow + waitedMs, waitedMs };
  // No provider got the prompt. A client that leaves still pays for the request, or the limit would not bind it.
  lease.release({ requests: end === 'left' ? 0 : -1, tokens: -request.tokens });
  throw new GatewayError(errorOfWait[end], end === 'left' ? {} : { retryAfterMs: 1000 });
}

/** End of a waiter: its turn, its client's leave, or the time limit. */
type WaitEnd = Turn | 'left' | 'too_late';

const errorOfWait = {
  left: 'request_cancelled',
  too_late: 'queue_timeout',
  displaced: 'server_overloaded',
} as const;

function waitForTurn(
  lease: Lease,
  { maxWaitMs, signal }: Pick<AdmitRequest, 'maxWaitMs' | 'signal'>,
): Promise<WaitEnd> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('too_late'), maxWaitMs);
    const onLeft = (): void => end('left');
    const end = (how: WaitEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onLeft);
      resolve(how);
    };
    signal.addEventListener('abort', onLeft);
    void lease.admitted.then(end);
    if (signal.aborted) onLeft();
  });
}
