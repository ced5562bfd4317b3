import { matches } from './matches.ts';
import { priceTable } from './price-table.ts';
import type { PriceRow, ProviderPrices } from './table.ts';

/** A target, as far as its price depends on it. */
export interface PricedTarget {
  /** Id of the upstream. */
  readonly upstream: string;
  /** Wire protocol of the upstream. */
  readonly type: string;
  readonly baseUrl: string;
  /** Name of the model at the upstream. */
  readonly model: string;
}

/** Types of upstreams that belong to one provider of the table; where several are named, the first with the model wins. */
const providersOfTypes: Readonly<Record<string, readonly string[]>> = {
  openai: ['openai'],
  azure: ['azure'],
  anthropic: ['anthropic'],
  gemini: ['google'],
  zai: ['zai', 'zhipuai'],
};

/**
 * Returns the row of a target with its provider. The base URL names the provider; else, for servers of the type `openai`,
 * the name of the model; else the type.
 */
export function findRow(target: PricedTarget): { provider: ProviderPrices; row: PriceRow } | undefined {
  const name = target.model.toLowerCase().trim();
  for (const provider of candidates(target, name)) {
    const found = findIn(provider, name) ?? findIn(provider, withDashedDate(name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function candidates({ type, baseUrl }: PricedTarget, name: string): readonly ProviderPrices[] {
  const ofType = (providersOfTypes[type] ?? []).flatMap((id) => providerOf(id) ?? []);
  const ofUrl = priceTable.providers.find((provider) => new RegExp(`^(?:${provider.baseUrl})`).test(baseUrl));
  if (ofUrl !== undefined) return ofType.includes(ofUrl) ? [ofUrl, ...ofType] : [ofUrl];
  if (type !== 'openai') return ofType;
  const owner = priceTable.providers.find(({ ownModels }) => ownModels !== undefined && matches(ownModels, name));
  return owner === undefined ? ofType : [owner, ...ofType];
}

const providerOf = (id: string): ProviderPrices | undefined => priceTable.providers.find((one) => one.id === id);

function findIn(provider: ProviderPrices, name: string): { provider: ProviderPrices; row: PriceRow } | undefined {
  const places = [provider, ...(provider.fallbacks ?? []).flatMap((id) => providerOf(id) ?? [])];
  for (const place of places) {
    const row = place.rows.find(([, match]) => matches(match, name));
    if (row !== undefined) return { provider: place, row };
  }
  return undefined;
}

/** Writes the date in a name as the table does: `-20250514` becomes `-2025-05-14`. */
const withDashedDate = (name: string): string =>
  name.replaceAll(/-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, '-$1-$2-$3');
