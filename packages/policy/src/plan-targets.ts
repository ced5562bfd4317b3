/** A place that can serve a model: an upstream, and the model's name there. */
export interface PlannedTarget {
  readonly upstream: string;
  readonly model: string;
  /** Lower is tried first. */
  readonly priority: number;
  /** Share among targets of the same priority. */
  readonly weight: number;
}

/** Names a target in retry state, logs and metrics. */
export const targetName = ({ upstream, model }: Pick<PlannedTarget, 'upstream' | 'model'>): string =>
  `${upstream}/${model}`;

/**
 * The order in which to try the targets: by priority, and within one priority drawn by weight without putting back
 * (Efraimidis and Spirakis, 2006: the largest u^(1/weight) first), so that over many requests each leads as often as
 * its weight says.
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
 * The order in which to offer credentials: the least loaded first; among equals the one whose turn it is.
 *
 * @param turn counts up with every call, so that equals rotate
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
