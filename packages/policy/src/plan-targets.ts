/** An upstream that serves a model, and the model's name there. */
export interface PlannedTarget {
  readonly upstream: string;
  readonly model: string;
  /** Priority; targets with a lower value are tried first. */
  readonly priority: number;
  /** Relative share among targets of the same priority. */
  readonly weight: number;
}

/** Returns the name of a target for the retry state, logs and metrics. */
export const targetName = ({ upstream, model }: Pick<PlannedTarget, 'upstream' | 'model'>): string =>
  `${upstream}/${model}`;

/**
 * Returns the targets in the order of the attempts: by priority, and within one priority drawn by weight without
 * replacement (Efraimidis and Spirakis, 2006: the largest u^(1/weight) first), so that over many requests each target
 * comes first in proportion to its weight.
 *
 * @param random gives numbers in [0, 1)
 */
export function planTargets<Target extends PlannedTarget>(targets: readonly Target[], random: () => number): Target[] {
  if (targets.length < 2) return [...targets];
  return targets
    .map((target) => ({ target, draw: Math.log(1 - random()) / target.weight }))
    .sort((a, b) => a.target.priority - b.target.priority || b.draw - a.draw)
    .map(({ target }) => target);
}

/**
 * Returns the credentials in the order of preference: the least loaded first; credentials of equal load rotate.
 *
 * @param turn counts up with every call of this function, so that credentials of equal load rotate
 */
export function orderCredentials<Credential extends { readonly id: string }>(
  credentials: readonly Credential[],
  { loadOf, turn }: { loadOf: (credential: Credential) => number; turn: number },
): Credential[] {
  if (credentials.length < 2) return [...credentials];
  const first = turn % credentials.length;
  const rotated = [...credentials.slice(first), ...credentials.slice(0, first)];
  return rotated.sort((a, b) => loadOf(a) - loadOf(b));
}
