import { type Keys, isRedisUnavailable, type RedisConnection } from '@sluice/redis';
import type { AdmissionRequest, FleetLimits, KeyLimits, RefusalReason } from './admission-request.ts';
import { type AcquireReply, type Correction, createScripts, type Occupancy, type WaitFact } from './scripts.ts';

/** Remaining part of a rate, for the `x-ratelimit-*` headers. */
export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until the whole burst is available again. */
  readonly resetMs: number;
}

export interface Rates {
  readonly requests: RateState | undefined;
  readonly tokens: RateState | undefined;
}

export type Verdict =
  | { readonly kind: 'accepted'; readonly lease: Lease; readonly rates: Rates; readonly redisNow: number }
  | Refusal;

export interface Refusal {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** Undefined when waiting cannot help: the request alone is larger than the burst. */
  readonly retryAfterMs: number | undefined;
  readonly rates: Rates;
}

/** An accepted request: running, or a waiter. */
export interface Lease {
  /** True if the request waits for its lease. */
  readonly mustWait: boolean;
  /**
   * Resolves when the request may run, or when a key with fewer waiters displaced it from a full waiting room.
   * Never rejects; the caller applies its own timeout.
   */
  readonly admitted: Promise<Turn>;
  /**
   * Gives everything back; calls after the first do nothing. While Redis is away, it retries until the lease has
   * expired. The deltas correct the reservation: negative gives back.
   */
  release(correction: Correction): void;
}

/** Result of a wait: the request may run, or was displaced from the waiting room. */
export type Turn = 'run' | 'displaced';

/** The fleet's admission, as used by one ingress. */
export interface Admission {
  /**
   * Checks all limits in one step; a refusal consumes nothing.
   * @throws the connection's error when Redis is away
   */
  acquire(request: AdmissionRequest): Promise<Verdict>;
  /** Handles the admission mailbox's message that this request may run now. */
  wake(requestId: string): void;
  /** Handles the admission mailbox's message that this request was displaced from the waiting room. */
  displace(requestId: string): void;
  /** Counts over all replicas. */
  occupancy(): Promise<Occupancy>;
  /** Stops the renewals after the pending releases have finished or `timeoutMs` has passed. */
  close(timeoutMs: number): Promise<void>;
}

export interface AdmissionNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly ingressId: string;
  readonly fleet: FleetLimits;
  readonly onError: (error: unknown) => void;
  /**
   * Called when a request has lost its lease and continues without one: the lease expired, and others hold all leases.
   */
  readonly onLeaseLost: (requestId: string) => void;
  readonly random: () => number;
}

interface Held extends AdmissionRequest {
  readonly end: (turn: Turn) => void;
}

interface Accepted {
  readonly request: AdmissionRequest;
  readonly turn: PromiseWithResolvers<Turn>;
  readonly mustWait: boolean;
}

const renewBatch = 50;
const releaseRetryMs = 500;

export function createAdmission(needs: AdmissionNeeds): Admission {
  const { fleet } = needs;
  const scripts = createScripts(needs);
  const held = new Map<string, Held>();
  /** Requests without a reply yet: the admitted message has its own connection and can overtake the reply. */
  const asking = new Map<string, PromiseWithResolvers<Turn>>();
  const releasing = new Set<Promise<void>>();
  let isClosed = false;
  let timer = setTimeout(renewAll, renewDelayMs());

  /** Renews at a third of the lease, so that two renewals may fail; jitter keeps replicas out of step. */
  function renewDelayMs(): number {
    return (fleet.leaseMs / 3) * (0.9 + 0.2 * needs.random());
  }

  function renewAll(): void {
    void Promise.all(batchesByKey(held.values()).map(renew))
      .catch(needs.onError)
      .finally(() => {
        if (!isClosed) timer = setTimeout(renewAll, renewDelayMs());
      });
  }

  async function renew(batch: readonly Held[]): Promise<void> {
    const states = await scripts.renew(batch);
    batch.forEach((request, at) => {
      if (!held.has(request.requestId)) return;
      // The renewal makes up for a wake-up lost with its mailbox.
      if (states[at] === 'running') request.end('run');
      if (states[at] === 'displaced') request.end('displaced');
      if (states[at] === 'lost') needs.onLeaseLost(request.requestId);
    });
  }

  async function release(request: AdmissionRequest, correction: Correction & WaitFact): Promise<void> {
    const triesLeftUntil = Math.ceil(fleet.leaseMs / releaseRetryMs);
    for (let tries = 0; tries < triesLeftUntil && !isClosed; tries++) {
      try {
        await scripts.release(request, correction);
        return;
      } catch (error) {
        needs.onError(error);
        if (!isRedisUnavailable(error)) return;
        await new Promise((resolve) => setTimeout(resolve, releaseRetryMs));
      }
    }
  }

  function accept({ request, turn, mustWait }: Accepted): Lease {
    held.set(request.requestId, { ...request, end: turn.resolve });
    if (!mustWait) turn.resolve('run');
    return {
      mustWait,
      admitted: turn.promise,
      release(correction) {
        if (!held.delete(request.requestId)) return;
        giveBack(request, { ...correction, hasWaited: mustWait });
      },
    };
  }

  function giveBack(request: AdmissionRequest, correction: Correction & WaitFact): void {
    const done: Promise<void> = release(request, correction).finally(() => releasing.delete(done));
    releasing.add(done);
  }

  function endWait(requestId: string, turn: Turn): void {
    held.get(requestId)?.end(turn);
    asking.get(requestId)?.resolve(turn);
  }

  return {
    async acquire(request) {
      const turn = Promise.withResolvers<Turn>();
      asking.set(request.requestId, turn);
      try {
        const reply = await scripts.acquire(request);
        const rates = ratesOf(reply, request.limits);
        if (reply.verdict === 'refused') {
          return { kind: 'refused', reason: reply.reason, retryAfterMs: reply.retryAfterMs, rates };
        }
        const lease = accept({ request, turn, mustWait: reply.verdict === 'waiting' });
        return { kind: 'accepted', lease, rates, redisNow: reply.redisNow };
      } catch (error) {
        // Redis may have granted the request, and only the reply was lost.
        if (isRedisUnavailable(error)) giveBack(request, { requests: -1, tokens: -request.tokens, hasWaited: false });
        throw error;
      } finally {
        asking.delete(request.requestId);
      }
    },

    wake: (requestId) => endWait(requestId, 'run'),
    displace: (requestId) => endWait(requestId, 'displaced'),

    occupancy: scripts.occupancy,

    async close(timeoutMs) {
      clearTimeout(timer);
      const { promise: tooLate, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, timeoutMs);
      await Promise.race([Promise.all(releasing), tooLate]);
      clearTimeout(limit);
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function ratesOf(reply: AcquireReply, limits: KeyLimits): Rates {
  const { requests, tokens } = reply;
  return {
    requests: limits.rpm === undefined ? undefined : { limit: limits.rpm, ...requests },
    tokens: limits.tpm === undefined ? undefined : { limit: limits.tpm, ...tokens },
  };
}

function batchesByKey(requests: Iterable<Held>): Held[][] {
  const batches: Held[][] = [];
  for (const ofKey of Map.groupBy(requests, ({ keyId }) => keyId).values()) {
    for (let at = 0; at < ofKey.length; at += renewBatch) batches.push(ofKey.slice(at, at + renewBatch));
  }
  return batches;
}
