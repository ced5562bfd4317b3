import type { ConditionalPrice, MatchLogic, ModelPrice, Provider, TieredPrices } from '@pydantic/genai-prices';
import type {
  ConditionalRates,
  Match,
  PriceList,
  PriceRow,
  PriceTable,
  ProviderPrices,
  Rate,
  RateName,
  Rates,
} from '../../src/table.ts';
import { release } from './release.ts';

/** Builds the table from the providers of the package. Throws for a kind of price that is neither a rate nor left out. */
export function buildTable(providers: readonly Provider[]): PriceTable {
  return { ...release, providers: providers.map(toProvider) };
}

function toProvider(provider: Provider): ProviderPrices {
  const rows = provider.models.map((model): PriceRow => {
    const row = [model.id, toMatch(model.match), toList(model.prices)] as const;
    return model.context_window === undefined ? row : [...row, model.context_window];
  });
  const {
    id,
    api_pattern: baseUrl,
    pricing_urls: [source = 'https://github.com/pydantic/genai-prices'] = [],
  } = provider;
  return {
    id,
    source,
    baseUrl,
    ...(provider.model_match === undefined ? {} : { ownModels: toMatch(provider.model_match) }),
    ...(provider.fallback_model_providers === undefined ? {} : { fallbacks: provider.fallback_model_providers }),
    rows,
  };
}

function toMatch(match: MatchLogic): Match {
  if ('or' in match) return single(distinct(match.or.map(toMatch)), (or) => ({ or }));
  if ('and' in match) return single(distinct(match.and.map(toMatch)), (and) => ({ and }));
  if ('regex' in match) return match;
  const [[name, text] = ['', '']] = Object.entries(match);
  return { [name]: text.toLowerCase() } as Match;
}

const single = (all: readonly Match[], join: (all: readonly Match[]) => Match): Match =>
  all.length === 1 && all[0] !== undefined ? all[0] : join(all);

const distinct = (all: readonly Match[]): readonly Match[] => [
  ...new Map(all.map((match) => [JSON.stringify(match), match])).values(),
];

function toList(prices: readonly ConditionalPrice[] | ModelPrice): PriceList | null {
  if (isList(prices)) {
    const list = prices.map(toConditional);
    return list.some(({ rates }) => Object.keys(rates).length > 0) ? list : null;
  }
  const rates = toRates(prices);
  return Object.keys(rates).length === 0 && Object.keys(prices).length > 0 ? null : rates;
}

const isList = (prices: readonly ConditionalPrice[] | ModelPrice): prices is readonly ConditionalPrice[] =>
  Array.isArray(prices);

function toConditional({ constraint, prices }: ConditionalPrice): ConditionalRates {
  const rates = toRates(prices);
  if (constraint === undefined) return { rates };
  if (constraint.type === 'start_date') return { from: constraint.start_date, rates };
  return { hours: [secondOf(constraint.start_time), secondOf(constraint.end_time)], rates };
}

function secondOf(time: string): number {
  const found = /^(\d{2}):(\d{2}):(\d{2})Z$/.exec(time);
  if (found === null) throw new Error(`${time}: must be a time of day in UTC`);
  const [hours = 0, minutes = 0, seconds = 0] = found.slice(1).map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

const rateNamesOf: Readonly<Record<string, RateName>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWriteHour',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  input_audio_mtok: 'inputAudio',
  cache_audio_read_mtok: 'cachedAudio',
  output_audio_mtok: 'outputAudio',
  input_image_mtok: 'inputImage',
  cache_image_read_mtok: 'cachedImage',
  output_image_mtok: 'outputImage',
  requests_kcount: 'request',
};

/** Prices of things that no provider reports to the gateway, or that the gateway does not serve. */
const leftOut = new Set([
  'audio_hours',
  'input_annotated_document_kpages',
  'input_audio_hours',
  'input_document_kpages',
  'input_text_messages_kcount',
  'input_video_mtok',
  'output_citation_mtok',
  'output_video_mtok',
  'storage_searches_kcount',
  'web_searches_kcount',
]);

function toRates(prices: ModelPrice): Rates {
  const rates: { [Name in RateName]?: Rate } = {};
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined || leftOut.has(key)) continue;
    const name = rateNamesOf[key];
    if (name === undefined) throw new Error(`${key}: is a new kind of price; give it a rate, or leave it out`);
    rates[name] = toRate(price, key.endsWith('_kcount') ? 1000 : 1);
  }
  return rates;
}

/** @param times price units in a million: 1 for a price per million, 1000 for one per thousand */
function toRate(price: number | TieredPrices, times: number): Rate {
  const micros = (dollars: number): number => Math.round(dollars * times * 1_000_000);
  if (typeof price === 'number') return micros(price);
  const tiers = price.tiers.toSorted((one, other) => one.start - other.start);
  return { base: micros(price.base), tiers: tiers.map(({ start, price }) => ({ start, rate: micros(price) })) };
}
