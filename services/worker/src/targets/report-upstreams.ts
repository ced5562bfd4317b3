import type { Config } from '@sluice/config';
import type { UpstreamReport } from '@sluice/protocol';
import type { TargetRef, UpstreamHealth } from '@sluice/upstream-health';

/** Largest numbers of entries of one upstream: a page is for people, and Redis holds it. */
const mostCooldowns = 50;
const mostCircuits = 50;

export interface ReportNeeds {
  readonly config: Pick<Config, 'upstreams' | 'models'>;
  readonly health: Pick<UpstreamHealth, 'cooldowns' | 'circuit'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Returns the state of every upstream. A target that passes the client's name on has no fixed circuit. */
export const reportUpstreams = async (needs: ReportNeeds): Promise<readonly UpstreamReport[]> =>
  Promise.all(needs.config.upstreams.map((upstream) => reportOne(needs, upstream)));

async function reportOne(
  { config, health, now }: ReportNeeds,
  { id, credentials }: Config['upstreams'][number],
): Promise<UpstreamReport> {
  const configured = new Set(credentials.map((credential) => credential.id));
  const cooldowns = (await health.cooldowns(id)).filter(({ credentialId }) => configured.has(credentialId));
  const cooling = new Set(cooldowns.map(({ credentialId }) => credentialId)).size;
  const targets = modelsAt(config, id).map((model) => ({ upstreamId: id, model }));
  const circuits = await Promise.all(targets.map((target) => circuitOf(health, target)));
  return {
    id,
    ready: credentials.length - cooling,
    cooling,
    cooldowns: cooldowns.slice(0, mostCooldowns).map(({ credentialId, model, remainingMs, isRefused, reason }) => ({
      credential: credentialId,
      ...(model === undefined ? {} : { model }),
      endsAt: now() + remainingMs,
      isRefused,
      reason,
    })),
    openCircuits: circuits
      .filter(({ isOpen }) => isOpen)
      .slice(0, mostCircuits)
      .map(({ model, failures, cause }) => ({ model, failures, cause })),
  };
}

async function circuitOf(health: ReportNeeds['health'], target: TargetRef) {
  return { model: target.model, ...(await health.circuit(target)) };
}

/** Returns the models that the configuration names at an upstream. */
function modelsAt({ models }: ReportNeeds['config'], upstreamId: string): readonly string[] {
  const names = models.flatMap(({ targets }) =>
    targets.flatMap(({ upstream, model }) => (upstream === upstreamId && model !== undefined ? [model] : [])),
  );
  return [...new Set(names)];
}
