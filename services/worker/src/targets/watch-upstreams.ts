import type { TargetRef, UpstreamHealth } from '@sluice/upstream-health';
import type { Config } from '@sluice/config';
import { targetName } from '@sluice/policy';
import type { WorkerSources } from '@sluice/telemetry';

/**
 * Supplies the gauges of credentials and circuits at scrape time. Targets that pass the client's name on have no fixed
 * circuit.
 */
export function watchUpstreams(config: Config, health: UpstreamHealth): WorkerSources {
  const targets: TargetRef[] = config.models.flatMap((model) =>
    model.targets.flatMap(({ upstream, model: name }) =>
      name === undefined ? [] : [{ upstreamId: upstream, model: name }],
    ),
  );
  return {
    credentials: () =>
      Promise.all(
        config.upstreams.map(async ({ id, credentials }) => {
          const coolingIds = new Set((await health.cooldowns(id)).map(({ credentialId }) => credentialId));
          const cooling = credentials.filter((credential) => coolingIds.has(credential.id)).length;
          return { upstream: id, ready: credentials.length - cooling, cooling };
        }),
      ),
    circuits: () =>
      Promise.all(
        targets.map(async (target) => ({
          target: targetName({ upstream: target.upstreamId, model: target.model }),
          isOpen: await health.isOpen(target),
        })),
      ),
  };
}
