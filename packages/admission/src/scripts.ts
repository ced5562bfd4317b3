import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import type { AdmissionRequest, FleetLimits, KeyLimits, RefusalReason } from './admission-request.ts';
import { limitArguments } from './limit-arguments.ts';

/** Admission scripts with named arguments. The header of each Lua file defines its guarantees. */
export interface AdmissionScripts {
  acquire(request: AdmissionRequest): Promise<AcquireReply>;
  /**
   * Ends requests, at most 50, and corrects the rates; a negative delta gives back. Returns for each request whether it
   * was known.
   */
  release(ended: readonly EndedRequest[]): Promise<boolean[]>;
  /** Renews requests of one client key, at most 50. */
  renew(requests: readonly AdmissionRequest[]): Promise<LeaseState[]>;
  occupancy(): Promise<Occupancy>;
}

export interface Correction {
  readonly requests: number;
  readonly tokens: number;
}

export interface WaitFact {
  /** True if the request came through the waiting room, so that its key was charged a turn. */
  readonly hasWaited: boolean;
}

export interface EndedRequest {
  readonly request: AdmissionRequest;
  readonly correction: Correction & WaitFact;
}

/** Numbers of requests over all replicas. */
export interface Occupancy {
  readonly running: number;
  readonly waiting: number;
  /** Longest wait of the currently waiting requests. */
  readonly longestWaitMs: number;
}

export type LeaseState = 'running' | 'waiting' | 'displaced' | 'lost';

export interface ScriptNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly ingressId: string;
  readonly fleet: FleetLimits;
}

interface RateReply {
  readonly remaining: number;
  readonly resetMs: number;
}

/** Reply of `acquire-10.lua`. */
export type AcquireReply = {
  /** Time on the Redis clock, ms since 1970. */
  readonly redisNow: number;
  readonly requests: RateReply;
  readonly tokens: RateReply;
} & (
  | { readonly verdict: 'admitted' | 'waiting' }
  | { readonly verdict: 'refused'; readonly reason: RefusalReason; readonly retryAfterMs: number | undefined }
);

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const whole = z.number().int();
const acquireReply = z.tuple([
  z.enum(['admitted', 'waiting', 'refused']),
  whole,
  z.enum(['', 'concurrency', 'requests', 'tokens', 'overloaded']),
  whole,
  whole,
  whole,
  whole,
  whole,
]);
const renewReply = z.array(z.enum(['running', 'waiting', 'displaced', 'lost']));

const acquireScript = defineScript(here('acquire-10.lua'), toAcquireReply);
// Created once: creating a schema takes some ten times as long as using it.
const releaseReply = z.array(z.number());
const occupancyReply = z.tuple([whole, whole, whole]);
const releaseScript = defineScript(here('release-7-3n.lua'), (reply) => releaseReply.parse(reply));
const renewScript = defineScript(here('renew-8.lua'), (reply) => renewReply.parse(reply));
const occupancyScript = defineScript(here('occupancy-4.lua'), (reply) => occupancyReply.parse(reply));

/** Upper bound of one request's cost in turns, because the key's other requests wait behind it. */
const costliestTurnTokens = 1_000_000;
/** Upper bound of tokens that a correction adds: more than any answer has. */
const largestCorrectionTokens = 10_000_000;

export function createScripts({ connection, keys, ingressId, fleet }: ScriptNeeds): AdmissionScripts {
  const room = [keys.room, keys.vouched, keys.waiters, keys.turns, keys.crowd, keys.admissionMailboxPrefix];
  const keysOf = (keyId: string): string[] => [keys.keyLeases(keyId), keys.requestRate(keyId), keys.tokenRate(keyId)];
  /** Returns the maximum of running requests of a key without its own limit; 0 if only the fleet's limit applies. */
  const shareOf = ({ concurrency }: KeyLimits): number => {
    const share = fleet.defaultKeyConcurrency ?? fleet.maxConcurrentRequests;
    return concurrency === undefined && share < fleet.maxConcurrentRequests ? share : 0;
  };
  return {
    acquire: ({ requestId, keyId, limits, tokens, weight = 1 }) =>
      acquireScript.run(
        connection,
        [keys.leases, ...keysOf(keyId), ...room],
        [
          requestId,
          ingressId,
          fleet.leaseMs,
          fleet.maxConcurrentRequests,
          fleet.queueSize,
          ...limitArguments(limits),
          tokens,
          keyId,
          shareOf(limits),
          turnCost(tokens, weight),
        ],
      ),

    async release(ended) {
      const known = await releaseScript.run(
        connection,
        [keys.leases, ...room, ...ended.flatMap(({ request }) => keysOf(request.keyId))],
        [fleet.leaseMs, fleet.maxConcurrentRequests, ...ended.flatMap(releaseArguments)],
      );
      return known.map((one) => one === 1);
    },

    async occupancy() {
      const [running, waiting, longestWaitMs] = await occupancyScript.run(
        connection,
        [keys.leases, keys.room, keys.vouched, keys.crowd],
        [],
      );
      return { running, waiting, longestWaitMs };
    },

    renew(requests) {
      const [first] = requests;
      if (first === undefined) return Promise.resolve([]);
      const { limits } = first;
      const keyLeased = limits.concurrency !== undefined ? 'all' : shareOf(limits) > 0 ? 'running' : 'none';
      return renewScript.run(
        connection,
        [keys.leases, keys.keyLeases(first.keyId), ...room],
        [fleet.leaseMs, fleet.maxConcurrentRequests, keyLeased, ...requests.map(({ requestId }) => requestId)],
      );
    },
  };
}

/** Returns the arguments of `release-7-3n.lua` for one request. */
function releaseArguments({ request, correction }: EndedRequest): (string | number)[] {
  const { requestId, keyId, limits, tokens, weight = 1 } = request;
  const correctionTokens = Math.min(correction.tokens, largestCorrectionTokens);
  // The first and the final charge have the same bound.
  const turn = turnCost(tokens + correctionTokens, weight) - turnCost(tokens, weight);
  return [
    requestId,
    limits.rpm ?? 0,
    correction.requests,
    limits.tpm ?? 0,
    correctionTokens,
    keyId,
    correction.hasWaited ? turn : 0,
  ];
}

/** Cost of a request in turns: at least 1 token per weight, so that keys with tiny requests take turns too. */
const turnCost = (tokens: number, weight: number): number =>
  Math.min(Math.max(tokens, 1), costliestTurnTokens) / weight;

function toAcquireReply(reply: unknown): AcquireReply {
  const [verdict, redisNow, reason, retryMs, requestsLeft, requestsMs, tokensLeft, tokensMs] =
    acquireReply.parse(reply);
  const rates = {
    redisNow,
    requests: { remaining: requestsLeft, resetMs: requestsMs },
    tokens: { remaining: tokensLeft, resetMs: tokensMs },
  };
  if (verdict !== 'refused') return { verdict, ...rates };
  if (reason === '') throw new Error('acquire-10.lua refused without a reason');
  return { verdict, reason, retryAfterMs: retryMs < 0 ? undefined : retryMs, ...rates };
}
