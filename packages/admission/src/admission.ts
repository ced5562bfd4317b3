import { type Keys, isRedisUnavailable, type RedisConnection } from '@sluice/redis';
import { type AcquireReply, type Correction, createScripts, type Occupancy, type WaitFact } from './scripts.ts';

/** The limits of one client key; absent = unlimited. */
export interface KeyLimits {
  /** Requests that run or wait at once. */
  readonly concurrency?: number | undefined;
  /** Requests per minute. */
  readonly rpm?: number | undefined;
  /** Requests that may come at once; default: a whole minute's. */
  readonly rpmBurst?: number | undefined;
  /** Tokens per minute, prompt and answer together. */
  readonly tpm?: number | undefined;
  /** Tokens that may be asked for at once; default: a whole minute's. */
  readonly tpmBurst?: number | undefined;
}

/** The limits of all replicas together. */
export interface FleetLimits {
  /** Requests that run at once. */
  readonly maxConcurrentRequests: number;
  /** Requests that may wait beyond those. */
  readonly queueSize: number;
  /**
   * Requests of one key without a limit of its own that run at once; more of it wait while the others' places stay
   * free. Absent: as many as the fleet may.
   */
  readonly defaultKeyConcurrency?: number | undefined;
  /** A lease that nobody renews ends after this time: what a crash costs. */
  readonly leaseMs: number;
}

export interface AdmissionRequest {
  readonly requestId: string;
  readonly keyId: string;
  readonly limits: KeyLimits;
  /** Tokens to reserve; corrected on release. */
  readonly tokens: number;
  /** The key's share among keys that wait; above 0, default 1. */
  readonly weight?: number | undefined;
}

/** The remaining part of a rate, for the `x-ratelimit-*` headers. */
export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until the whole burst is free again. */
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
  /** Undefined where no waiting helps: the request alone is larger than the burst. */
  readonly retryAfterMs: number | undefined;
  readonly rates: Rates;
}

export type RefusalReason = 'concurrency' | 'requests' | 'tokens' | 'overloaded';

/** An accepted request: running, or waiting for its lease. */
export interface Lease {
  /** Did it have to wait? */
  readonly mustWait: boolean;
  /**
   * Resolves when the request may run, or when it has lost its place in a full waiting room to a key with fewer
   * waiters. Never rejects, and has no time limit of its own.
   */
  readonly admitted: Promise<Turn>;
  /**
   * Gives everything back, once; later calls do nothing. If Redis is away it is tried again until the lease has ended
   * by itself. The deltas correct what was reserved: negative gives back.
   */
  release(correction: Correction): void;
}

/** The end of a wait: the request may run, or has lost its place in the waiting room. */
export type Turn = 'run' | 'displaced';

/** The fleet's admission as one ingress sees it. */
export interface Admission {
  /**
   * Decides in one step on all limits; a refusal consumes nothing.
   * @throws the connection's error when Redis is away
   */
  acquire(request: AdmissionRequest): Promise<Verdict>;
  /** The admission mailbox says that this request may run now. */
  wake(requestId: string): void;
  /** The admission mailbox says that this request has lost its place in the waiting room. */
  displace(requestId: string): void;
  /** Over all replicas. */
  occupancy(): Promise<Occupancy>;
  /** Stops renewing, after the releases under way are through or `timeoutMs` has passed. */
  close(timeoutMs: number): Promise<void>;
}

export interface AdmissionNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly ingressId: string;
  readonly fleet: FleetLimits;
  readonly onError: (error: unknown) => void;
  /** A request goes on without its lease: it ran out, and others have taken the place. */
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
  /** Requests whose answer is on its way: on its own connection, the word that one may run can overtake it. */
  const asking = new Map<string, PromiseWithResolvers<Turn>>();
  const releasing = new Set<Promise<void>>();
  let isClosed = false;
  let timer = setTimeout(renewAll, renewDelayMs());

  /** A third of the lease, so that two renewals may fail; spread, so that replicas don't renew in step. */
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
      // A wake-up that got lost with its mailbox is made good here.
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
        // It may have been granted all the same, with only the word of it lost.
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
