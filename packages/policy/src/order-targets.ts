import type { RetryState } from '@sluice/protocol';
import { isSpoiled } from './classify.ts';
import { type PlannedTarget, targetName } from './plan-targets.ts';
import { isToStay } from './prefer.ts';

export interface OrderFacts<Target extends PlannedTarget> {
  readonly state: RetryState;
  /** True if the client has part of an answer that broke off. */
  readonly hasDelivered: boolean;
  /** Returns whether this target can resume from that part. */
  readonly canContinue: (target: Target) => boolean;
}

/**
 * Orders the planned targets for another attempt; targets of equal rank keep their order.
 *
 * - A target that must be retried before any other comes first, unless the client has part of its answer.
 * - Targets that fell silent come last in every case: the client has already waited for them once.
 * - After a broken answer: first the targets that resume with the same model (the broken target after the others), then
 *   the same model at another target, then the same target, then another model (those that can resume first).
 *   A model that starts anew must repeat what the client has, which another model hardly ever does.
 * - A target that sent an unreadable answer comes after all of these: it would send the same again.
 */
export function orderTargets<Target extends PlannedTarget>(
  targets: readonly Target[],
  { state, hasDelivered, canContinue }: OrderFacts<Target>,
): readonly Target[] {
  if (targets.length < 2) return targets;
  const late = new Set([...state.silent, ...state.stalled]);
  const { brokenAt, lastFailure } = state;
  const spoiledBy = lastFailure !== undefined && isSpoiled(lastFailure) ? lastFailure.target : undefined;

  function rank(target: Target): number {
    if (late.has(targetName(target))) return 10;
    if (!hasDelivered && isToStay(state, targetName(target))) return -1;
    if (brokenAt === undefined) return 0;
    const isBroken = targetName(target) === targetName(brokenAt);
    // The client has no part of the answer yet: every target may start it; the broken one comes after them.
    if (!hasDelivered) return isBroken ? 1 : 0;
    if (isBroken && targetName(target) === spoiledBy) return 6;
    const continues = canContinue(target);
    if (modelName(target) !== modelName(brokenAt)) return continues ? 4 : 5;
    if (continues) return isBroken ? 1 : 0;
    return isBroken ? 3 : 2;
  }

  return targets
    .map((target) => ({ target, rank: rank(target) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ target }) => target);
}

/** Model name without the vendor prefix of some providers: `openai/gpt-4o`. */
const modelName = ({ model }: Pick<PlannedTarget, 'model'>): string =>
  model.slice(model.lastIndexOf('/') + 1).toLowerCase();
