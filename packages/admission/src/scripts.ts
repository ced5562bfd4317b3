import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import type { BudgetScope, BudgetWindow } from '@sluice/records';
import { accountingArguments, leasedTeam, type Settled, settledArguments } from './accounting-arguments.ts';
import type { AdmissionRequest, FleetLimits, KeyLimits, RefusalReason } from './admission-request.ts';
import { limitArguments } from './limit-arguments.ts';

/** Admission scripts with named arguments. The header of each Lua file defines its guarantees. */
export interface AdmissionScripts {
  acquire(request: AdmissionRequest): Promise<AcquireReply>;
  /**
   * Ends requests, at most 50, all of them with `accounting` or none, and corrects the rates; a negative delta gives
   * back. Returns for each request whether it was known.
   */
  release(ended: readonly EndedRequest[]): Promise<boolean[]>;
  /** Renews requests of one client key and team, at most 50. */
  renew(requests: readonly AdmissionRequest[]): Promise<LeaseState[]>;
  occupancy(): Promise<Occupancy>;
}

export interface Correction {
  readonly requests: number;
  readonly tokens: number;
  /** Absent for a request without `accounting`, or one that has cost nothing and gets no ledger entry. */
  readonly settled?: Settled | undefined;
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

/** The limit that refused a request. */
export interface RefusingLimit {
  /** Undefined for the fleet's limits. */
  readonly scope: BudgetScope | undefined;
  /** Only for the reason `budget`. */
  readonly budget: { readonly window: BudgetWindow; readonly leftMicros: number } | undefined;
}

interface RateReply {
  readonly remaining: number;
  readonly resetMs: number;
}

/** Reply of `acquire-10.lua` and `acquire-12.lua`. */
export type AcquireReply = {
  /** Time on the Redis clock, ms since 1970. */
  readonly redisNow: number;
  readonly requests: RateReply;
  readonly tokens: RateReply;
  /** Rates of the team; meaningless without limits of it. */
  readonly team: { readonly requests: RateReply; readonly tokens: RateReply } | undefined;
} & (
  | { readonly verdict: 'admitted' | 'waiting' }
  | ({
      readonly verdict: 'refused';
      readonly reason: RefusalReason;
      readonly retryAfterMs: number | undefined;
    } & RefusingLimit)
);

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const whole = z.number().int();
const decided = [
  z.enum(['admitted', 'waiting', 'refused']),
  whole,
  z.enum(['', 'concurrency', 'requests', 'tokens', 'overloaded', 'budget']),
  whole,
  whole,
  whole,
  whole,
  whole,
] as const;
const acquireReply = z.tuple(decided);
const accountedReply = z.tuple([
  ...decided,
  z.enum(['', 'key', 'team']),
  z.enum(['', 'day', 'month', 'total']),
  whole,
  whole,
  whole,
  whole,
  whole,
]);
const renewReply = z.array(z.enum(['running', 'waiting', 'displaced', 'lost']));

const acquireScript = defineScript(here('acquire-10.lua'), (reply) => toAcquireReply(acquireReply.parse(reply)));
const acquireAccountedScript = defineScript(here('acquire-12.lua'), toAccountedReply);
// Created once: creating a schema takes some ten times as long as using it.
const releaseReply = z.array(z.number());
const occupancyReply = z.tuple([whole, whole, whole]);
const releaseScript = defineScript(here('release-7-3n.lua'), (reply) => releaseReply.parse(reply));
const releaseAccountedScript = defineScript(here('release-10-3n.lua'), (reply) => releaseReply.parse(reply));
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
    acquire(request) {
      const { requestId, keyId, limits, tokens, weight = 1, accounting } = request;
      const names = [keys.leases, ...keysOf(keyId), ...room];
      const facts = [
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
      ];
      if (accounting === undefined) return acquireScript.run(connection, names, facts);
      names.push(keys.openEntries, keys.admissionPrefix);
      return acquireAccountedScript.run(connection, names, [...facts, ...accountingArguments(accounting)]);
    },

    async release(ended) {
      const perRequest = ended.flatMap(({ request }) => keysOf(request.keyId));
      const common = [fleet.leaseMs, fleet.maxConcurrentRequests];
      const known =
        ended[0]?.request.accounting === undefined
          ? await releaseScript.run(
              connection,
              [keys.leases, ...room, ...perRequest],
              [...common, ...ended.flatMap(releaseArguments)],
            )
          : await releaseAccountedScript.run(
              connection,
              [keys.leases, ...room, keys.openEntries, keys.ledger, keys.admissionPrefix, ...perRequest],
              [
                ...common,
                ...ended.flatMap((one) => [
                  ...releaseArguments(one),
                  ...settledArguments(one.request.accounting?.team, one.correction.settled),
                ]),
              ],
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
      const { limits, accounting } = first;
      const keyLeased = limits.concurrency !== undefined ? 'all' : shareOf(limits) > 0 ? 'running' : 'none';
      return renewScript.run(
        connection,
        [keys.leases, keys.keyLeases(first.keyId), ...room],
        [
          fleet.leaseMs,
          fleet.maxConcurrentRequests,
          keyLeased,
          leasedTeam(accounting),
          ...requests.map(({ requestId }) => requestId),
        ],
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

type Decided = z.infer<typeof acquireReply>;

function toAcquireReply(
  [verdict, redisNow, reason, retryMs, requestsLeft, requestsMs, tokensLeft, tokensMs]: Decided,
  limit: RefusingLimit = { scope: reason === 'overloaded' ? undefined : 'key', budget: undefined },
  team?: AcquireReply['team'],
): AcquireReply {
  const rates = {
    redisNow,
    requests: { remaining: requestsLeft, resetMs: requestsMs },
    tokens: { remaining: tokensLeft, resetMs: tokensMs },
    team,
  };
  if (verdict !== 'refused') return { verdict, ...rates };
  if (reason === '') throw new Error('acquire refused without a reason');
  return { verdict, reason, retryAfterMs: retryMs < 0 ? undefined : retryMs, ...limit, ...rates };
}

function toAccountedReply(reply: unknown): AcquireReply {
  const [verdict, now, reason, retryMs, requestsLeft, requestsMs, tokensLeft, tokensMs, scope, window, left, ...team] =
    accountedReply.parse(reply);
  const [teamRequestsLeft, teamRequestsMs, teamTokensLeft, teamTokensMs] = team;
  return toAcquireReply(
    [verdict, now, reason, retryMs, requestsLeft, requestsMs, tokensLeft, tokensMs],
    {
      scope: scope === '' ? undefined : scope,
      budget: window === '' ? undefined : { window, leftMicros: left },
    },
    {
      requests: { remaining: teamRequestsLeft, resetMs: teamRequestsMs },
      tokens: { remaining: teamTokensLeft, resetMs: teamTokensMs },
    },
  );
}
