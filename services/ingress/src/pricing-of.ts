import { compileGlob, type IngressConfig } from '@sluice/config';
import { createPricing, type Pricing } from '@sluice/prices';

/** Returns the price list for reservations. */
export const pricingOf = (_config: IngressConfig): Pricing =>
  createPricing({ overrides: [], unknownModel: 'default', default: { input: 5, output: 25 }, compileGlob });
