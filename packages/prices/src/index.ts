export type { TokenParts } from './cost.ts';
export type { PricedTarget } from './find-row.ts';
export {
  type Cost,
  costOf,
  createPricing,
  type DollarRates,
  type Price,
  type PriceOverride,
  type Pricing,
  type PricingNeeds,
  type UnknownModelPolicy,
  unknownModelPolicies,
} from './pricing.ts';
