import { compileGlob, type IngressConfig } from '@sluice/config';
import { createPricing, type Pricing } from '@sluice/prices';

/** Returns the price list of a configuration. */
export const pricingOf = ({ prices }: Pick<IngressConfig, 'prices'>): Pricing =>
  createPricing({ ...prices, compileGlob });
