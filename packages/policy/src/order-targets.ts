import type { RetryState } from '@sluice/protocol';
import { isSpoiled } from './classify.ts';
import { type PlannedTarget, targetName } from './plan-targets.ts';
import { isToStay } from './prefer.ts';

export interface OrderFacts<Target extends PlannedTarget> {
  readonly state: RetryState;
  /** The client has text of an answer that broke off. */
  readonly hasDelivered: boolean;
  /** Returns whether this target can write on from that text. */
  readonly canContinue: (target: Target) => boolean;
}

/**
 * Puts planned targets into the order for another try; equals keep their order.
 *
 * - A target that is to be tried again before any other comes first, unless the client has a part of its answer.
 * - Targets that fell silent come last, whatever else is true of them: the client has waited for them once already.
 * - After an answer that broke off: first who can write on with the same model (the target that broke after the others),
 *   then the same model at another target, then the same target, then another model (who can write on before who can't).
 *   A model that answers anew must repeat what the client has, which another model hardly does.
 * - A target whose answer could not be read on comes after all of these: it would send the same again.
 */
export function orderTargets<Target extends PlannedTarget>(
  targets: readonly Target[],
  { state, hasDelivered, canContinue }: OrderFacts<Target>,
): Target[] {
  const late = new Set([...state.silent, ...state.stalled]);
  const { brokenAt, lastFailure } = state;
  const spoiledBy = lastFailure !== undefined && isSpoiled(lastFailure) ? lastFailure.target : undefined;

  function rank(target: Target): number {
    if (late.has(targetName(target))) return 10;
    if (!hasDelivered && isToStay(state, targetName(target))) return -1;
    if (brokenAt === undefined) return 0;
    const isBroken = targetName(target) === targetName(brokenAt);
    // The client has no part of the answer yet, so each target may begin it; the broken one follows them.
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

/** The same model has a vendor's name before it at some providers: `openai/gpt-4o`. */
const modelName = ({ model }: Pick<PlannedTarget, 'model'>): string =>
  model.slice(model.lastIndexOf('/') + 1).toLowerCase();
