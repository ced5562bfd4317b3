import type { TokenCounts } from '@sluice/records';
import { costAt, type TokenParts, worstCostAt } from './cost.ts';
import { findRow, type PricedTarget } from './find-row.ts';
import { priceTable } from './price-table.ts';
import { ratesAt, ratesWithinDay } from './rates-at.ts';
import type { PriceList, Rates } from './table.ts';

export const unknownModelPolicies = ['refuse', 'default', 'zero'] as const;
/** Treatment of a model without a price; see the setting `prices.unknown_model`. */
export type UnknownModelPolicy = (typeof unknownModelPolicies)[number];

/** US dollars per million tokens. */
export interface DollarRates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

/** A price of the configuration. */
export interface PriceOverride extends DollarRates {
  /** Glob over ids of upstreams. */
  readonly upstream: string;
  /** Glob over names of models at the upstream. */
  readonly model: string;
}

export interface PricingNeeds {
  /** The first that matches wins over later ones and over the table. */
  readonly overrides: readonly PriceOverride[];
  readonly unknownModel: UnknownModelPolicy;
  /** Price of a model without one. */
  readonly default: DollarRates;
  readonly compileGlob: (glob: string) => (name: string) => boolean;
  /** Is told each time that the price of a model without one is asked for. `isFirst`: not told before, for a warning. */
  readonly onUnknown?: (target: PricedTarget, isFirst: boolean) => void;
}

/** Price of a model at a time. */
export interface Price {
  readonly rates: Rates;
  /** `<provider>@<date of the table>`, `config`, `default`, `free` or `none`. */
  readonly source: string;
  /** False if neither configuration nor table has the model. */
  readonly isKnown: boolean;
  /** Most tokens of prompt and answer together, where the table has it. */
  readonly contextWindow?: number | undefined;
}

export interface Cost {
  readonly costMicros: number;
  readonly source: string;
}

export interface Pricing {
  /** @param target.at milliseconds since 1970 */
  priceOf(target: PricedTarget & { readonly at: number }): Price;
  /** Returns whether configuration or table has a price; tells {@link PricingNeeds.onUnknown} nothing. */
  hasPrice(target: PricedTarget): boolean;
  /**
   * Returns the most that one call can cost, in micro-dollars, if it begins within a day.
   *
   * @param call.promptTokens upper bound
   * @param call.answerTokens upper bound, with reasoning
   */
  worstCost(call: PricedTarget & { readonly at: number; promptTokens: number; answerTokens: number }): number;
}

/** Returns the cost of a call; see {@link costAt}. */
export const costOf = (tokens: TokenCounts, price: Price, parts?: TokenParts): Cost => ({
  costMicros: costAt(price.rates, tokens, parts),
  source: price.source,
});

/** Entry of the memory: everything about a target's price but the time. */
type Found = Omit<Price, 'rates'> & { readonly prices: PriceList };

/** Clients choose names of models, so the memory is bounded. */
const mostRemembered = 2000;

export function createPricing(needs: PricingNeeds): Pricing {
  const overrides = needs.overrides.map((override) => ({
    hasUpstream: needs.compileGlob(override.upstream),
    hasModel: needs.compileGlob(override.model),
    found: { prices: inMicros(override), source: 'config', isKnown: true } satisfies Found,
  }));
  const unknown: Found =
    needs.unknownModel === 'zero'
      ? { prices: {}, source: 'none', isKnown: false }
      : { prices: inMicros(needs.default), source: 'default', isKnown: false };
  const remembered = new Map<string, Found>();
  const told = new Set<string>();

  const search = (target: PricedTarget): Found => {
    const own = overrides.find(({ hasUpstream, hasModel }) => hasUpstream(target.upstream) && hasModel(target.model));
    return own?.found ?? ofTable(target) ?? unknown;
  };
  const find = (target: PricedTarget): Found => {
    const name = `${target.upstream}\n${target.model}`;
    const known = remembered.get(name);
    if (known !== undefined) return known;
    if (remembered.size >= mostRemembered) {
      remembered.clear();
      told.clear();
    }
    const found = search(target);
    remembered.set(name, found);
    return found;
  };
  const tellUnknown = (target: PricedTarget): void => {
    const name = `${target.upstream}\n${target.model}`;
    needs.onUnknown?.(target, !told.has(name));
    told.add(name);
  };

  return {
    priceOf: (target) => {
      const { prices, ...rest } = find(target);
      if (!rest.isKnown) tellUnknown(target);
      return { ...rest, rates: ratesAt(prices, target.at) };
    },
    hasPrice: (target) => find(target).isKnown,
    worstCost: ({ at, promptTokens, answerTokens, ...target }) =>
      Math.max(
        ...ratesWithinDay(find(target).prices, at).map((rates) => worstCostAt(rates, { promptTokens, answerTokens })),
      ),
  };
}

/** Types whose servers take no money for tokens: a server of your own, and the website for guests. */
const freeTypes: readonly string[] = ['ollama', 'zai-web'];

function ofTable(target: PricedTarget): Found | undefined {
  if (freeTypes.includes(target.type)) return { prices: {}, source: 'free', isKnown: true };
  const found = findRow(target);
  if (found === undefined) return undefined;
  const [, , prices, contextWindow] = found.row;
  if (prices === null) return undefined;
  return { prices, source: `${found.provider.id}@${priceTable.date}`, isKnown: true, contextWindow };
}

const microsPerDollar = 1_000_000;

function inMicros({ input, output, cacheRead, cacheWrite, reasoning }: DollarRates): Rates {
  const rates = { input, output, cacheRead, cacheWrite, reasoning };
  return Object.fromEntries(
    Object.entries(rates).flatMap(([name, dollars]) =>
      dollars === undefined ? [] : [[name, Math.round(dollars * microsPerDollar)]],
    ),
  );
}
