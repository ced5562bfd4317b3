/**
 * Money for a number of units, in micro-dollars per million of them (integers, so that sums are exact). With tiers, the last
 * one whose `start` is below the tokens of the prompt applies to all units of the call.
 */
export type Rate = number | { readonly base: number; readonly tiers: readonly RateTier[] };

export interface RateTier {
  /** Tokens of the prompt; the tier begins with the next one. */
  readonly start: number;
  readonly rate: number;
}

export const rateNames = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWriteHour',
  'output',
  'reasoning',
  'inputAudio',
  'cachedAudio',
  'outputAudio',
  'inputImage',
  'cachedImage',
  'outputImage',
  'request',
] as const;
export type RateName = (typeof rateNames)[number];

/** Rates of a model. A class of tokens without its own rate costs what the class above it costs: `input` or `output`. */
export type Rates = { readonly [Name in RateName]?: Rate };

/** Rates that apply from a date on, or in some hours of each day. */
export interface ConditionalRates {
  readonly rates: Rates;
  /** UTC day, as `2026-03-13`. */
  readonly from?: string;
  /** Seconds of the UTC day: first, and first that is outside. They may span midnight. */
  readonly hours?: readonly [start: number, end: number];
}

/** Rates, or several of them: the last whose condition holds applies, else the first. */
export type PriceList = Rates | readonly ConditionalRates[];

/** Condition on the name of a model. Case does not count, apart from `regex`, which sees the name in lower case. */
export type Match =
  | { readonly or: readonly Match[] }
  | { readonly and: readonly Match[] }
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string };

/** `prices`: without rates, the model is free; null: it has a price, but not for tokens. */
export type PriceRow = readonly [id: string, match: Match, prices: PriceList | null, contextWindow?: number];

export interface ProviderPrices {
  readonly id: string;
  /** Page that the prices were read from. */
  readonly source: string;
  /** Regular expression over the beginning of base URLs. */
  readonly baseUrl: string;
  /** Names of models that are this provider's own. */
  readonly ownModels?: Match;
  /** Providers whose prices apply to models that it does not list. */
  readonly fallbacks?: readonly string[];
  readonly rows: readonly PriceRow[];
}

export interface PriceTable {
  readonly package: string;
  readonly version: string;
  /** Day on which that version was published, as `2026-09-23`. */
  readonly date: string;
  readonly providers: readonly ProviderPrices[];
}
