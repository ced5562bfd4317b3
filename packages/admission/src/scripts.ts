import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import type { AdmissionRequest, FleetLimits, RefusalReason } from './admission.ts';

/** The admission scripts with their arguments by name. What they promise stands at the top of each Lua file. */
export interface AdmissionScripts {
  acquire(request: AdmissionRequest): Promise<AcquireReply>;
  /** Deltas correct the rates; negative gives back. False when the request was not known any more. */
  release(request: AdmissionRequest, correction: Correction): Promise<boolean>;
  /** For requests of one client key, 50 at most. */
  renew(requests: readonly AdmissionRequest[]): Promise<LeaseState[]>;
  occupancy(): Promise<Occupancy>;
}

export interface Correction {
  readonly requests: number;
  readonly tokens: number;
}

/** Requests over all replicas. */
export interface Occupancy {
  readonly running: number;
  readonly waiting: number;
}

export type LeaseState = 'running' | 'waiting' | 'lost';

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

/** Reply of `acquire-8.lua`. */
export type AcquireReply = {
  /** The Redis clock, ms since 1970. */
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
const renewReply = z.array(z.enum(['running', 'waiting', 'lost']));

const acquireScript = defineScript(here('acquire-8.lua'), toAcquireReply);
const releaseScript = defineScript(here('release-8.lua'), (reply) => z.number().parse(reply) === 1);
const renewScript = defineScript(here('renew-6.lua'), (reply) => renewReply.parse(reply));
const occupancyScript = defineScript(here('occupancy-2.lua'), (reply) => z.tuple([whole, whole]).parse(reply));

export function createScripts({ connection, keys, ingressId, fleet }: ScriptNeeds): AdmissionScripts {
  const room = [keys.waiting, keys.vouched, keys.waiters, keys.admissionMailboxPrefix];
  const allKeys = (keyId: string): string[] => [
    keys.leases,
    keys.keyLeases(keyId),
    keys.requestRate(keyId),
    keys.tokenRate(keyId),
    ...room,
  ];
  return {
    acquire: ({ requestId, keyId, limits, tokens }) =>
      acquireScript.run(connection, allKeys(keyId), [
        requestId,
        ingressId,
        fleet.leaseMs,
        fleet.maxConcurrentRequests,
        fleet.queueSize,
        limits.concurrency ?? 0,
        limits.rpm ?? 0,
        limits.rpmBurst ?? limits.rpm ?? 0,
        limits.tpm ?? 0,
        limits.tpmBurst ?? limits.tpm ?? 0,
        tokens,
      ]),

    release: ({ requestId, keyId, limits }, correction) =>
      releaseScript.run(connection, allKeys(keyId), [
        requestId,
        fleet.leaseMs,
        fleet.maxConcurrentRequests,
        limits.rpm ?? 0,
        correction.requests,
        limits.tpm ?? 0,
        correction.tokens,
      ]),

    async occupancy() {
      const [running, waiting] = await occupancyScript.run(connection, [keys.leases, keys.vouched], []);
      return { running, waiting };
    },

    renew(requests) {
      const [first] = requests;
      if (first === undefined) return Promise.resolve([]);
      return renewScript.run(
        connection,
        [keys.leases, keys.keyLeases(first.keyId), ...room],
        [
          fleet.leaseMs,
          fleet.maxConcurrentRequests,
          first.limits.concurrency === undefined ? 0 : 1,
          ...requests.map(({ requestId }) => requestId),
        ],
      );
    },
  };
}

function toAcquireReply(reply: unknown): AcquireReply {
  const [verdict, redisNow, reason, retryMs, requestsLeft, requestsMs, tokensLeft, tokensMs] =
    acquireReply.parse(reply);
  const rates = {
    redisNow,
    requests: { remaining: requestsLeft, resetMs: requestsMs },
    tokens: { remaining: tokensLeft, resetMs: tokensMs },
  };
  if (verdict !== 'refused') return { verdict, ...rates };
  if (reason === '') throw new Error('acquire-8.lua refused without a reason');
  return { verdict, reason, retryAfterMs: retryMs < 0 ? undefined : retryMs, ...rates };
}
