import { createTurnBatches } from '@sluice/redis';
import { healthScripts } from './health-scripts.ts';
import type { RequestRef, TargetRef, UpstreamHealth, UpstreamHealthNeeds } from './upstream-health.ts';

interface Asked {
  readonly target: TargetRef;
  readonly credentialIds: readonly string[];
  readonly request: RequestRef;
}

/** Time (ms) in which requests that helped to open a circuit leave its probe to other requests. */
const suspectGraceMs = 500;

/** Creates `choose`: one call for all attempts of a turn of the event loop at one target, which it serves in order. */
export function createChoose({
  connection,
  keys,
  maxCooldownMs,
  probeMs,
}: Omit<UpstreamHealthNeeds, 'circuit'>): UpstreamHealth['choose'] {
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
