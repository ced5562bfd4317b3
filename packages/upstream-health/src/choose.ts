import { createTurnBatches, type Keys, type RedisConnection } from '@sluice/redis';
import { healthScripts } from './health-scripts.ts';

export interface TargetRef {
  readonly upstreamId: string;
  readonly model: string;
}

/** The request of an attempt or a failure. */
export interface RequestRef {
  readonly requestId: string;
  /** Id of the client key. */
  readonly tenant: string;
}

export type Choice =
  | {
      readonly kind: 'go';
      readonly credentialId: string;
      /** True if this attempt alone decides whether the circuit closes. */
      readonly isProbe: boolean;
      /** True if the target or the credential failed lately: the caller reports a success to `recovered`. */
      readonly hasFailures: boolean;
    }
  /** Every credential of the upstream is in cooldown; the first cooldown ends after `waitMs`. */
  | { readonly kind: 'cooling'; readonly waitMs: number }
  /** The provider has lately refused every credential; waiting does not help. */
  | { readonly kind: 'refused' }
  /** The target's circuit is open because of `cause` ('' if unknown). */
  | { readonly kind: 'open'; readonly waitMs: number; readonly cause: string };

/** Chooses a credential for one attempt. The ids come in the order of preference. */
export type Choose = (target: TargetRef, credentialIds: readonly string[], request: RequestRef) => Promise<Choice>;

export interface ChooseNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  /** Longest cooldown of a credential (ms); limits the cooldown that a provider asks for. */
  readonly maxCooldownMs: number;
  /** Time limit of a probe (ms), until its first token. */
  readonly probeMs: number;
}

interface Asked {
  readonly target: TargetRef;
  readonly credentialIds: readonly string[];
  readonly request: RequestRef;
}

/** Time (ms) in which requests that helped to open a circuit leave its probe to other requests. */
const suspectGraceMs = 500;

/** Creates `choose`: one call for all attempts of a turn of the event loop at one target, which it serves in order. */
export function createChoose({ connection, keys, maxCooldownMs, probeMs }: ChooseNeeds): Choose {
  const batches = createTurnBatches({
    async send(circuit: string, asked: readonly Asked[]) {
      const [first] = asked;
      if (first === undefined) return [];
      const { upstreamId, model } = first.target;
      return await healthScripts.choose.run(
        connection,
        [keys.cooldowns(upstreamId), circuit],
        [probeMs, maxCooldownMs, suspectGraceMs, model, ...asked.flatMap(argumentsOf)],
      );
    },
    // The failed call may have granted a probe.
    isRepeatable: false,
  });

  return async (target, credentialIds, request) => {
    const asked = { target, credentialIds, request };
    const [verdict, credentialId, waitMs, failures, cause] = await batches.add(
      keys.circuit(target.upstreamId, target.model),
      asked,
    );
    if (verdict === 'refused') return { kind: 'refused' };
    if (verdict === 'cooling') return { kind: 'cooling', waitMs };
    if (verdict === 'open') return { kind: 'open', waitMs, cause };
    return { kind: 'go', credentialId, isProbe: verdict === 'probe', hasFailures: failures > 0 };
  };
}

/** Returns the arguments of `choose-2.lua` for one attempt. */
const argumentsOf = ({ request, credentialIds }: Asked): (string | number)[] => [
  request.requestId,
  request.tenant,
  credentialIds.length,
  ...credentialIds,
];
