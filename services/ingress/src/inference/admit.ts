import type { Admission, KeyLimits, Rates, Refusal, Lease, Turn } from '@sluice/admission';
import { GatewayError } from '@sluice/protocol';
import { isRedisUnavailable } from '@sluice/redis';

/** A request that may run now. */
export interface Admitted {
  readonly lease: Lease;
  /** The Redis clock at the decision, ms since 1970. */
  readonly redisNow: number;
  readonly rates: Rates;
  /** Spent in the waiting room. */
  readonly waitedMs: number;
}

export interface AdmitRequest {
  readonly requestId: string;
  readonly keyId: string;
  readonly limits: KeyLimits;
  /** The key's share among keys that wait. */
  readonly weight: number;
  /** Estimated; corrected when the provider has counted. */
  readonly tokens: number;
  /** Maximum time that it may wait. */
  readonly maxWaitMs: number;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
  /** Told the state of the rates, also when the request is refused. */
  readonly onRates: (rates: Rates) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Takes a place among the running requests, waiting for one if need be.
 * @throws GatewayError when it is refused, when it waited too long, when its client left, or when Redis is away
 */
export async function admit(admission: Pick<Admission, 'acquire'>, request: AdmitRequest): Promise<Admitted> {
  const verdict = await admission.acquire(request).catch((error: unknown) => {
    if (isRedisUnavailable(error)) throw new GatewayError('redis_unavailable', { retryAfterMs: 1000, cause: error });
    throw error;
  });
  request.onRates(verdict.rates);
  if (verdict.kind === 'refused') throw toError(verdict, request);
  const { lease, rates, redisNow } = verdict;
  if (!lease.mustWait) return { lease, rates, redisNow, waitedMs: 0 };

  const since = request.now();
  const end = await waitForTurn(lease, request);
  const waitedMs = request.now() - since;
  if (end === 'run') return { lease, rates, redisNow: redisNow + waitedMs, waitedMs };
  // No provider has seen the prompt. A client that leaves still pays for the request, or no limit would bind it.
  lease.release({ requests: end === 'left' ? 0 : -1, tokens: -request.tokens });
  throw new GatewayError(errorOfWait[end], end === 'left' ? {} : { retryAfterMs: 1000 });
}

/** The end of a wait in the waiting room. */
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

function toError({ reason, retryAfterMs }: Refusal, { limits, tokens }: AdmitRequest): GatewayError {
  switch (reason) {
    case 'concurrency':
      return new GatewayError('concurrency_limit_exceeded', {
        message: `This API key has ${limits.concurrency} requests running, which is its limit.`,
        retryAfterMs,
      });
    case 'requests':
      return new GatewayError('rate_limit_exceeded', {
        message: `Rate limit reached: ${limits.rpm} requests per minute.`,
        retryAfterMs,
      });
    case 'tokens':
      return new GatewayError('rate_limit_exceeded', {
        message:
          retryAfterMs === undefined
            ? `The request needs about ${tokens} tokens, more than the ${limits.tpm} tokens per minute of this API key.`
            : `Rate limit reached: ${limits.tpm} tokens per minute; this request needs about ${tokens}.`,
        retryAfterMs,
        retryable: retryAfterMs !== undefined,
      });
    case 'overloaded':
      return new GatewayError('server_overloaded', { retryAfterMs });
  }
}
