import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';

/** When a target's circuit opens, and for how long. */
export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** The row must fit into this time. */
  readonly windowMs: number;
  /** Afterwards one call tries whether the target is back. */
  readonly openMs: number;
}

export interface TargetRef {
  readonly upstreamId: string;
  readonly model: string;
}

export interface CredentialRef {
  readonly upstreamId: string;
  readonly credentialId: string;
}

export interface Rest {
  readonly restMs: number;
  /** The provider does not accept it: nobody should wait for its return. */
  readonly isRefused: boolean;
}

export type Choice =
  | {
      readonly kind: 'go';
      readonly credentialId: string;
      /** This call alone decides whether the circuit closes. */
      readonly isProbe: boolean;
      /** The target has failed lately: tell `recovered` when it did not this time. */
      readonly hasFailures: boolean;
    }
  /** Every credential of the upstream rests; the first is back after `waitMs`. */
  | { readonly kind: 'cooling'; readonly waitMs: number }
  /** The provider has lately refused every credential; waiting won't help. */
  | { readonly kind: 'refused' }
  /** The target's circuit is open. */
  | { readonly kind: 'open'; readonly waitMs: number };

/** What the whole fleet knows of its upstreams: resting credentials and open circuits. True for all workers at once. */
export interface UpstreamHealth {
  choose(target: TargetRef, credentialIds: readonly string[]): Promise<Choice>;
  /** Rests a credential for every worker. */
  rest(credential: CredentialRef, rest: Rest): Promise<void>;
  /** Returns whether the circuit is open now. */
  failed(target: TargetRef, isProbe: boolean): Promise<boolean>;
  recovered(target: TargetRef): Promise<void>;
  /** A probe ended without a verdict (its client left): the next call may probe. */
  abandoned(target: TargetRef): Promise<void>;
  /** Is the circuit of this target open or waiting for its probe? */
  isOpen(target: TargetRef): Promise<boolean>;
  /** Credentials that rest now, for metrics. */
  restingCredentials(upstreamId: string): Promise<string[]>;
}

export interface UpstreamHealthNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly breaker: BreakerSettings;
  /** How long a probe may take: the time to its first token. */
  readonly probeMs: number;
}

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const chooseReply = z.tuple([
  z.enum(['go', 'probe', 'cooling', 'refused', 'open']),
  z.string(),
  z.number().int().nonnegative(),
  z.number().int().nonnegative(),
]);
const chooseScript = defineScript(here('choose-2.lua'), (reply) => chooseReply.parse(reply));
const restScript = defineScript(here('rest-1.lua'), (reply) => z.number().parse(reply));
const countFailureScript = defineScript(here('count-failure-1.lua'), (reply) => z.number().parse(reply) === 1);

export function createUpstreamHealth({ connection, keys, breaker, probeMs }: UpstreamHealthNeeds): UpstreamHealth {
  const circuit = (target: TargetRef): string => keys.breaker(target.upstreamId, target.model);
  return {
    async choose(target, credentialIds) {
      const [verdict, credentialId, waitMs, failures] = await chooseScript.run(
        connection,
        [keys.rests(target.upstreamId), circuit(target)],
        [probeMs, ...credentialIds],
      );
      if (verdict === 'refused') return { kind: 'refused' };
      if (verdict === 'cooling' || verdict === 'open') return { kind: verdict, waitMs };
      return { kind: 'go', credentialId, isProbe: verdict === 'probe', hasFailures: failures > 0 };
    },

    async rest({ upstreamId, credentialId }, { restMs, isRefused }) {
      await restScript.run(
        connection,
        [keys.rests(upstreamId)],
        [credentialId, Math.ceil(restMs), isRefused ? '!' : ''],
      );
    },

    failed: (target, isProbe) =>
      countFailureScript.run(
        connection,
        [circuit(target)],
        [breaker.failures, breaker.windowMs, breaker.openMs, isProbe ? 1 : 0],
      ),

    async recovered(target) {
      await connection.unlink(circuit(target));
    },

    async abandoned(target) {
      await connection.hdel(circuit(target), 'probe_until');
    },

    async isOpen(target) {
      return (await connection.hexists(circuit(target), 'open_until')) === 1;
    },

    async restingCredentials(upstreamId) {
      const [ends, [seconds]] = await Promise.all([
        connection.hgetall(keys.rests(upstreamId)),
        connection.time() as Promise<(string | number)[]>,
      ]);
      return Object.entries(ends).flatMap(([id, end]) =>
        Number.parseInt(end, 10) > Number(seconds) * 1000 ? [id] : [],
      );
    },
  };
}
