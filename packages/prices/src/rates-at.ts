import type { ConditionalRates, PriceList, Rates } from './table.ts';

/** Returns the rates of a list at a time. @param at milliseconds since 1970 */
export function ratesAt(prices: PriceList, at: number): Rates {
  if (!isList(prices)) return prices;
  const last = prices.findLast((one) => holds(one, at)) ?? prices[0];
  return last?.rates ?? {};
}

/** Returns every rates of a list that may apply within the day after a time. */
export function ratesWithinDay(prices: PriceList, at: number): readonly Rates[] {
  if (!isList(prices)) return [prices];
  const ends = prices.flatMap(({ from, hours }) => (from === undefined ? (hours ?? []) : []));
  const midnight = at - (at % dayMs);
  const times = [0, dayMs].flatMap((day) => ends.map((second) => midnight + day + second * 1000));
  return [at, at + dayMs, ...times].filter((time) => time >= at).map((time) => ratesAt(prices, time));
}

const dayMs = 86_400_000;

const isList = (prices: PriceList): prices is readonly ConditionalRates[] => Array.isArray(prices);

function holds({ from, hours }: ConditionalRates, at: number): boolean {
  if (from !== undefined) return at >= Date.parse(from);
  if (hours === undefined) return true;
  const second = (at % dayMs) / 1000;
  const [start, end] = hours;
  return end < start ? second >= start || second < end : second >= start && second < end;
}
