import type { RedisConnection } from '@sluice/redis';
import { type Choose, type ChooseNeeds, createChoose, type RequestRef, type TargetRef } from './choose.ts';
import { healthScripts } from './health-scripts.ts';
import { type CooldownEntry, type CredentialRef, fieldOf, isFieldOf, readCooldown } from './cooldown-entry.ts';

/** Conditions that open a target's circuit, and its open time. */
export interface CircuitSettings {
  /** Number of different requests that fail in a row and open the circuit. */
  readonly failures: number;
  /** Time in which these failures must occur. */
  readonly windowMs: number;
  /** Open time; afterwards one probe checks whether the target is back. */
  readonly openMs: number;
}

export interface Cooldown {
  /** Cooldown that the provider asked for; limited to the longest cooldown. */
  readonly cooldownMs: number;
  /** True if the provider does not accept the credential: no request should wait for the end of its cooldown. */
  readonly isRefused: boolean;
  /** Kind of the failure that causes the cooldown. */
  readonly reason: string;
}

export interface Failed extends RequestRef {
  /** True if the failed attempt was the probe of an open circuit. */
  readonly isProbe: boolean;
  /** Description of the failure for people; holds no secret. */
  readonly cause: string;
}

export interface Recovered {
  readonly tenant: string;
  readonly credentialId: string;
}

/** Circuit of one target, as shown to people. */
export interface CircuitState {
  readonly isOpen: boolean;
  /** Number of different requests that failed in a row. */
  readonly failures: number;
  readonly cause: string;
}

/** Credentials in cooldown and open circuits of all upstreams, shared by all workers. */
export interface UpstreamHealth {
  readonly choose: Choose;
  /** Starts a cooldown of a credential, for every worker. */
  coolDown(credential: CredentialRef, cooldown: Cooldown): Promise<void>;
  /** Counts a failure against the target. Returns whether its circuit is open now. */
  failed(target: TargetRef, failure: Failed): Promise<boolean>;
  recovered(target: TargetRef, served: Recovered): Promise<void>;
  /** Ends a probe without a verdict (its client left): the next attempt may probe. */
  abandoned(target: TargetRef): Promise<void>;
  /** Returns whether the circuit of this target is open or waits for its probe. */
  isOpen(target: TargetRef): Promise<boolean>;
  circuit(target: TargetRef): Promise<CircuitState>;
  /** Closes the circuit on an operator's request. Returns whether it was open. */
  closeCircuit(target: TargetRef): Promise<boolean>;
  /** Returns the cooldowns of an upstream's credentials that have not ended. */
  cooldowns(upstreamId: string): Promise<CooldownEntry[]>;
  /** Ends cooldowns on an operator's request: all of the upstream, or those of one credential. Returns their number. */
  lift(upstreamId: string, credentialId?: string): Promise<number>;
}

export interface UpstreamHealthNeeds extends ChooseNeeds {
  readonly circuit: CircuitSettings;
}

const longestCause = 300;

export function createUpstreamHealth(needs: UpstreamHealthNeeds): UpstreamHealth {
  const { connection, keys, circuit, maxCooldownMs } = needs;
  const circuitKey = (target: TargetRef): string => keys.circuit(target.upstreamId, target.model);
  return {
    choose: createChoose(needs),

    async coolDown(credential, { cooldownMs, isRefused, reason }) {
      // The provider's number may be anything; Redis gets a finite one.
      const askedMs = Number.isFinite(cooldownMs)
        ? Math.ceil(Math.min(cooldownMs, 2 * maxCooldownMs))
        : 2 * maxCooldownMs;
      if (askedMs <= 0) return;
      await healthScripts.coolDown.run(
        connection,
        [keys.cooldowns(credential.upstreamId)],
        [fieldOf(credential), askedMs, isRefused ? '!' : '', maxCooldownMs, reason.replaceAll(/\s+/g, '_')],
      );
    },

    failed: (target, { isProbe, requestId, tenant, cause }) =>
      healthScripts.countFailure.run(
        connection,
        [circuitKey(target)],
        [
          circuit.failures,
          circuit.windowMs,
          circuit.openMs,
          isProbe ? 1 : 0,
          requestId,
          tenant,
          cause.slice(0, longestCause),
        ],
      ),

    async recovered(target, { tenant, credentialId }) {
      await healthScripts.recover.run(
        connection,
        [keys.cooldowns(target.upstreamId), circuitKey(target)],
        [tenant, circuit.windowMs, credentialId, target.model],
      );
    },

    async abandoned(target) {
      await connection.hdel(circuitKey(target), 'probe_until');
    },

    async isOpen(target) {
      return (await connection.hexists(circuitKey(target), 'open_until')) === 1;
    },

    async circuit(target) {
      const { open_until, failures, cause } = await connection.hgetall(circuitKey(target));
      return { isOpen: open_until !== undefined, failures: Number(failures ?? 0) || 0, cause: cause ?? '' };
    },

    async closeCircuit(target) {
      const wasOpen = await connection.hexists(circuitKey(target), 'open_until');
      await connection.unlink(circuitKey(target));
      return wasOpen === 1;
    },

    async cooldowns(upstreamId) {
      const now = await redisNow(connection);
      const entries = Object.entries(await connection.hgetall(keys.cooldowns(upstreamId)));
      return entries.flatMap(([field, value]) => readCooldown({ field, value, now, maxCooldownMs }));
    },

    async lift(upstreamId, credentialId) {
      const key = keys.cooldowns(upstreamId);
      // HGETALL instead of HKEYS: the Redis users of SECURITY.md may send it.
      const fields = Object.keys(await connection.hgetall(key)).filter(
        (field) => credentialId === undefined || isFieldOf(field, credentialId),
      );
      return fields.length === 0 ? 0 : await connection.hdel(key, ...fields);
    },
  };
}

async function redisNow(connection: RedisConnection): Promise<number> {
  const [seconds, micros]: (string | number)[] = await connection.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
