import { compileGlob, type IngressConfig } from '@sluice/config';
import { createPricing, type PricedTarget, type Pricing } from '@sluice/prices';
import type { Logger } from '@sluice/telemetry';
import type { CalledTarget, CostBounds } from './inference/accounting/money.ts';

export interface IngressPricing {
  readonly pricing: Pricing;
  /** Bounds of the cost of a request, for the budgets. */
  readonly costBounds: CostBounds;
}

/** Prices calls by the table and the settings. A worker warns of models without a price; an ingress only notes them. */
export function createIngressPricing(
  { prices, upstreams }: Pick<IngressConfig, 'prices' | 'upstreams'>,
  logger: Pick<Logger, 'debug'>,
): IngressPricing {
  const pricing = createPricing({
    ...prices,
    compileGlob,
    onUnknown({ upstream, model }, isFirst) {
      if (isFirst) logger.debug({ upstream, model }, 'no price is known for a model');
    },
  });
  const places = new Map(upstreams.map((place) => [place.id, place]));
  const targetOf = ({ upstream, model }: CalledTarget): PricedTarget => {
    const { type = '', baseUrl = '' } = places.get(upstream) ?? {};
    return { upstream, model, type, baseUrl };
  };
  return {
    pricing,
    costBounds: {
      worstCost: ({ promptTokens, answerTokens, ...target }) =>
        pricing.worstCost({ ...targetOf(target), at: Date.now(), promptTokens, answerTokens }),
      contextWindow: (target) => pricing.priceOf({ ...targetOf(target), at: Date.now() }).contextWindow,
      hasPrice: (target) => pricing.hasPrice(targetOf(target)),
    },
  };
}
