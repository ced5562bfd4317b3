import type { UpstreamHealth } from '@sluice/upstream-health';
import type { Config } from '@sluice/config';

type Health = Pick<UpstreamHealth, 'cooldowns' | 'lift' | 'circuit' | 'closeCircuit'>;

export interface CooldownsNeeds {
  readonly config: Pick<Config, 'upstreams' | 'models'>;
  readonly health: Health;
}

export const usage = `Usage:
  npm run cooldowns                                lists credentials in cooldown and open circuits
  npm run cooldowns -- lift UPSTREAM [CREDENTIAL]  lets them serve again at once; circuits of the upstream are closed`;

/** The line for a fleet without cooldowns and open circuits. */
export const noCooldown = 'No credential is in cooldown and no circuit is open.';

/** The command line is wrong; the message contains the correct usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Lists credentials in cooldown and open circuits, or ends these states for all workers.
 *
 * @returns the lines to print
 * @throws UsageError if the command line is malformed, or names an upstream or credential that is not configured
 */
export async function cooldowns(needs: CooldownsNeeds, args: readonly string[]): Promise<string[]> {
  const [command, upstream, credential, ...others] = args;
  if (command === undefined) return await list(needs);
  if (command !== 'lift' || upstream === undefined || others.length > 0) throw new UsageError(usage);
  return await lift(needs, upstream, credential);
}

async function list({ config, health }: CooldownsNeeds): Promise<string[]> {
  const lines: string[] = [];
  for (const { id } of config.upstreams) {
    for (const { credentialId, model, remainingMs, isRefused, reason } of await health.cooldowns(id)) {
      const scope = model === undefined ? 'all models' : `model ${model}`;
      const why = [reason, ...(isRefused ? ['refused by the provider'] : [])].filter(Boolean).join(', ');
      const cause = why === '' ? '' : ` (${why})`;
      lines.push(`credential  ${id}/${credentialId}  ${scope}  in cooldown for ${inWords(remainingMs)}${cause}`);
    }
    for (const model of modelsAt(config, id)) {
      const { isOpen, failures, cause } = await health.circuit({ upstreamId: id, model });
      if (isOpen) lines.push(`circuit     ${id}/${model}  open after ${failures} failed requests (${cause})`);
    }
  }
  return lines.length > 0 ? lines : [noCooldown];
}

async function lift({ config, health }: CooldownsNeeds, upstream: string, credential?: string): Promise<string[]> {
  const known = config.upstreams.find(({ id }) => id === upstream);
  if (known === undefined) {
    const ids = config.upstreams.map(({ id }) => id).join(', ');
    throw new UsageError(`There is no upstream "${upstream}". There are: ${ids}.`);
  }
  if (credential !== undefined && !known.credentials.some(({ id }) => id === credential)) {
    const ids = known.credentials.map(({ id }) => id).join(', ');
    throw new UsageError(`The upstream "${upstream}" has no credential "${credential}". It has: ${ids}.`);
  }
  const lifted = await health.lift(upstream, credential);
  let closed = 0;
  if (credential === undefined) {
    for (const model of modelsAt(config, upstream)) {
      if (await health.closeCircuit({ upstreamId: upstream, model })) closed += 1;
    }
  }
  return [`Lifted ${lifted} cooldowns and closed ${closed} circuits of ${upstream}.`];
}

/** Models that the configuration names at an upstream; a target that passes the client's name on adds none. */
function modelsAt({ models }: CooldownsNeeds['config'], upstreamId: string): readonly string[] {
  const names = models.flatMap(({ targets }) =>
    targets.flatMap(({ upstream, model }) => (upstream === upstreamId && model !== undefined ? [model] : [])),
  );
  return [...new Set(names)];
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
