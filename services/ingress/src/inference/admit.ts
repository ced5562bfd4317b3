import type { Admission, Rates, Lease, Turn } from '@sluice/admission';
import { GatewayError } from '@sluice/protocol';
import { asRedisAway } from '../redis-away.ts';
import type { Principal } from '../context.ts';
import type { RequestAccounting } from './accounting/accounting.ts';
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
  readonly principal: Pick<Principal, 'keyId' | 'limits' | 'weight' | 'budgets' | 'team'>;
  /** Absent for a request without budgets, team and ledger entry. */
  readonly accounting?: RequestAccounting | undefined;
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
  const { requestId, tokens, principal, accounting } = request;
  const { keyId, limits, weight } = principal;
  const verdict = await admission
    .acquire({ requestId, keyId, limits, weight, tokens, accounting: accounting?.admission })
    .catch((error: unknown) => {
      throw asRedisAway(error) ?? error;
    });
  request.onRates(verdict.rates);
  if (verdict.kind === 'refused') {
    throw refusalError({ ...verdict, principal, tokens, money: accounting?.admission.money });
  }
  const { lease, rates, redisNow } = verdict;
  accounting?.accepted(redisNow);
  // A client that has left while Redis decided would not be noticed any more: its signal tells it once.
  if (!lease.mustWait && !request.signal.aborted) return { lease, rates, redisNow, waitedMs: 0 };

  const since = request.now();
  const end = await waitForTurn(lease, request);
  const waitedMs = request.now() - since;
  accounting?.waited(waitedMs);
  if (end === 'run') return { lease, rates, redisNow: redisNow + waitedMs, waitedMs };
  // No provider got the prompt. A client that leaves still pays for the request, or the limit would not bind it.
  const error = new GatewayError(errorOfWait[end], end === 'left' ? {} : { retryAfterMs: 1000 });
  lease.release({
    requests: end === 'left' ? 0 : -1,
    tokens: -tokens,
    settled: accounting?.settled({ ...endOfWait(error), ...neverRan }),
  });
  throw error;
}

/** End of a waiter: its turn, its client's leave, or the time limit. */
type WaitEnd = Turn | 'left' | 'too_late';

const errorOfWait = {
  left: 'request_cancelled',
  too_late: 'queue_timeout',
  displaced: 'server_overloaded',
} as const;

const neverRan = { attempts: 0, inputTokens: 0, outputTokens: 0, costMicros: 0, estimated: false };

const endOfWait = ({ status, code }: GatewayError) =>
  ({ outcome: code === 'request_cancelled' ? 'cancelled' : 'error', status, code }) as const;

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
