import type { MoneyReservation } from '@sluice/admission';
import { defaultAnswerTokens } from '@sluice/policy';
import type { Order } from '../order.ts';

/** The part of the price list that a reservation needs. */
export interface CostBounds {
  /** Returns the most that one call of a target can cost, in micro-dollars. */
  worstCost(call: PricedCall): number;
  /** Returns the most tokens of prompt and answer together, where that is known. */
  contextWindow(target: CalledTarget): number | undefined;
  /** Returns whether configuration or table has a price. */
  hasPrice(target: CalledTarget): boolean;
}

export interface CalledTarget {
  /** Id of the upstream. */
  readonly upstream: string;
  /** Name of the model at the upstream. */
  readonly model: string;
}

export interface PricedCall extends CalledTarget {
  readonly promptTokens: number;
  readonly answerTokens: number;
}

/**
 * A prompt is estimated with four bytes a token. The bound is twice the estimate: two bytes a token, which texts in
 * any script stay above.
 */
const promptMargin = 2;

/** About the largest context of a model, where its own is not known: few budgets hold that beside another request. */
const unknownAnswerTokens = 1_000_000;

/**
 * Returns the money to reserve for an order: the cost of its longest answer by its dearest target, once for the answer and
 * once for each extension that may be made. Attempts that fail are not foreseen.
 */
export function reserveMoney(
  bounds: CostBounds,
  order: Pick<Order, 'model' | 'targets' | 'reservation' | 'maxContinuations'>,
): MoneyReservation {
  const { reservation, maxContinuations } = order;
  const promptTokens = reservation.prompt * promptMargin;
  const dearest = (answerTokens: (target: CalledTarget) => number): number =>
    (1 + maxContinuations) *
    Math.max(
      ...order.targets.map(({ upstream, model = order.model }) =>
        bounds.worstCost({ upstream, model, promptTokens, answerTokens: answerTokens({ upstream, model }) }),
      ),
    );
  const { answer } = reservation;
  if (answer !== undefined) {
    const micros = dearest(() => answer);
    return { micros, isBounded: true, microsIfLost: micros };
  }
  return {
    micros: dearest((target) => bounds.contextWindow(target) ?? unknownAnswerTokens),
    isBounded: false,
    microsIfLost: dearest(() => defaultAnswerTokens),
  };
}
