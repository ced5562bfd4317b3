import { type Keys, isRedisUnavailable, type RedisConnection } from '@sluice/redis';
import type { AdmissionRequest, FleetLimits, RefusalReason } from './admission-request.ts';
import { createReleases } from './releases.ts';
import { createRenewals, type RenewalsNeeds, type Turn } from './renewals.ts';
import { type AcquireReply, type Correction, createScripts, type Occupancy, type RefusingLimit } from './scripts.ts';

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

export interface Refusal extends RefusingLimit {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
  /** Undefined when waiting cannot help: the request alone is larger than the burst, or a budget is used up. */
  readonly retryAfterMs: number | undefined;
  readonly rates: Rates;
  /** Time on the Redis clock, ms since 1970. */
  readonly redisNow: number;
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
  /** Settles the requests of the last seconds again after a lost connection, because a fail-over may have lost that. */
  recheck(): void;
  /** Counts over all replicas. */
  occupancy(): Promise<Occupancy>;
  /** Stops the renewals. Resolves when the pending releases have finished or `timeoutMs` has passed. */
  close(timeoutMs: number): Promise<void>;
}

export interface AdmissionNeeds extends Pick<RenewalsNeeds, 'onError' | 'onLeaseLost' | 'random'> {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly ingressId: string;
  readonly fleet: FleetLimits;
}

interface Accepted {
  readonly request: AdmissionRequest;
  readonly turn: PromiseWithResolvers<Turn>;
  readonly mustWait: boolean;
}

export function createAdmission(needs: AdmissionNeeds): Admission {
  const { onError, onLeaseLost, random } = needs;
  const { leaseMs } = needs.fleet;
  const scripts = createScripts(needs);
  const held = createRenewals({ scripts, leaseMs, onError, onLeaseLost, random });
  const releases = createReleases({ scripts, leaseMs, onError, now: () => performance.now() });
  /** Requests without a reply yet: the admitted message has its own connection and can overtake the reply. */
  const asking = new Map<string, PromiseWithResolvers<Turn>>();

  function accept({ request, turn, mustWait }: Accepted): Lease {
    held.add({ ...request, end: turn.resolve });
    if (!mustWait) turn.resolve('run');
    return {
      mustWait,
      admitted: turn.promise,
      release(correction) {
        if (held.remove(request.requestId)) releases.begin(request, { ...correction, hasWaited: mustWait });
      },
    };
  }

  function endWait(requestId: string, turn: Turn): void {
    held.end(requestId, turn);
    asking.get(requestId)?.resolve(turn);
  }

  return {
    async acquire(request) {
      const turn = Promise.withResolvers<Turn>();
      asking.set(request.requestId, turn);
      try {
        // This request may need the leases that ended in this turn.
        releases.flush();
        const reply = await scripts.acquire(request);
        const rates = ratesOf(reply, request);
        if (reply.verdict === 'refused') {
          const { reason, retryAfterMs, scope, budget, redisNow } = reply;
          return { kind: 'refused', reason, retryAfterMs, scope, budget, rates, redisNow };
        }
        const lease = accept({ request, turn, mustWait: reply.verdict === 'waiting' });
        return { kind: 'accepted', lease, rates, redisNow: reply.redisNow };
      } catch (error) {
        // Redis may have granted the request, and only the reply was lost.
        if (isRedisUnavailable(error)) {
          releases.begin(request, { requests: -1, tokens: -request.tokens, hasWaited: false });
        }
        throw error;
      } finally {
        asking.delete(request.requestId);
      }
    },

    wake: (requestId) => endWait(requestId, 'run'),
    displace: (requestId) => endWait(requestId, 'displaced'),

    recheck: releases.repeatSettled,

    occupancy: scripts.occupancy,

    async close(timeoutMs) {
      held.close();
      await releases.close(timeoutMs);
    },
  };
}

/** Returns the state of the key's rates, or of its team's where less is left. */
function ratesOf({ requests, tokens, team }: AcquireReply, { limits, accounting }: AdmissionRequest): Rates {
  const ofTeam = accounting?.team?.limits;
  return {
    requests: tighter(stateOf(limits.rpm, requests), stateOf(ofTeam?.rpm, team?.requests)),
    tokens: tighter(stateOf(limits.tpm, tokens), stateOf(ofTeam?.tpm, team?.tokens)),
  };
}

function stateOf(limit: number | undefined, rate: Omit<RateState, 'limit'> | undefined): RateState | undefined {
  return limit === undefined || rate === undefined ? undefined : { limit, ...rate };
}

/** Returns the rate of which less is left. */
function tighter(one: RateState | undefined, other: RateState | undefined): RateState | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.remaining < one.remaining ? other : one;
}
