import type { UpstreamPlace } from '@sluice/config';
import type { PricedTarget, Pricing } from '@sluice/prices';
import type { CalledTarget, CostBounds } from './money.ts';

export interface CostBoundsNeeds {
  readonly upstreams: readonly UpstreamPlace[];
  readonly pricing: Pick<Pricing, 'priceOf' | 'worstCost'>;
  /** Milliseconds since 1970: a price may depend on it. */
  readonly clock: () => number;
}

/** Returns the bounds of costs by the price list. */
export function createCostBounds({ upstreams, pricing, clock }: CostBoundsNeeds): CostBounds {
  const places = new Map(upstreams.map((place) => [place.id, place]));
  const priced = ({ upstream, model }: CalledTarget): PricedTarget => {
    const { type = '', baseUrl = '' } = places.get(upstream) ?? {};
    return { upstream, type, baseUrl, model };
  };
  return {
    worstCost: ({ promptTokens, answerTokens, ...target }) =>
      pricing.worstCost({ ...priced(target), at: clock(), promptTokens, answerTokens }),
    contextWindow: (target) => pricing.priceOf({ ...priced(target), at: clock() }).contextWindow,
  };
}
