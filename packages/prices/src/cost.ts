import type { TokenCounts } from '@sluice/records';
import type { Rate, RateName, Rates } from './table.ts';

/** Parts of the classes of {@link TokenCounts} that may have rates of their own, as far as the provider tells them. */
export interface TokenParts {
  /** Tokens of the prompt that are audio. They count as fresh first, then as read from the cache. */
  readonly inputAudio?: number | undefined;
  readonly inputImage?: number | undefined;
  readonly outputAudio?: number | undefined;
  readonly outputImage?: number | undefined;
  /** Tokens of `cacheWrite` that the cache keeps for an hour. */
  readonly cacheWriteHour?: number | undefined;
}

/**
 * Returns the cost of a call in micro-dollars. The sum over all classes is exact and is rounded once, to the nearest
 * micro-dollar, halves up.
 */
export function costAt(rates: Rates, tokens: TokenCounts, parts: TokenParts = {}): number {
  const promptTokens = tokens.fresh + tokens.cacheRead + tokens.cacheWrite;
  let sum = 500_000n;
  for (const [name, count] of Object.entries(unitsOf(tokens, parts)) as [RateName, number][]) {
    if (count > 0) sum += BigInt(count) * BigInt(rateOf(rates, name, promptTokens));
  }
  return Number(sum / 1_000_000n);
}

/** Divides the tokens of a call among the rates; each token counts once. */
function unitsOf(tokens: TokenCounts, parts: TokenParts): Readonly<Record<RateName, number>> {
  const audio = splitPrompt(parts.inputAudio, tokens.fresh, tokens.cacheRead);
  const image = splitPrompt(parts.inputImage, tokens.fresh - audio.fresh, tokens.cacheRead - audio.cached);
  const outputAudio = bounded(parts.outputAudio, tokens.output);
  const outputImage = bounded(parts.outputImage, tokens.output - outputAudio);
  const cacheWriteHour = bounded(parts.cacheWriteHour, tokens.cacheWrite);
  const { fresh, cacheRead, cacheWrite, output, reasoning } = tokens;
  return {
    input: fresh - audio.fresh - image.fresh,
    cacheRead: cacheRead - audio.cached - image.cached,
    cacheWrite: cacheWrite - cacheWriteHour,
    cacheWriteHour,
    output: output - outputAudio - outputImage,
    reasoning,
    inputAudio: audio.fresh,
    cachedAudio: audio.cached,
    outputAudio,
    inputImage: image.fresh,
    cachedImage: image.cached,
    outputImage,
    // A provider that charges for each request charges for no failed one.
    request: fresh + cacheRead + cacheWrite + output + reasoning > 0 ? 1 : 0,
  };
}

function splitPrompt(count: number | undefined, fresh: number, cached: number): { fresh: number; cached: number } {
  const ofFresh = bounded(count, fresh);
  return { fresh: ofFresh, cached: bounded((count ?? 0) - ofFresh, cached) };
}

const bounded = (count: number | undefined, most: number): number => Math.min(Math.max(count ?? 0, 0), most);

/** Rate that applies to units without a rate of their own. */
const parents: Readonly<Partial<Record<RateName, RateName>>> = {
  cacheRead: 'input',
  cacheWrite: 'input',
  cacheWriteHour: 'cacheWrite',
  reasoning: 'output',
  inputAudio: 'input',
  cachedAudio: 'cacheRead',
  outputAudio: 'output',
  inputImage: 'input',
  cachedImage: 'cacheRead',
  outputImage: 'output',
};

function rateOf(rates: Rates, name: RateName, promptTokens: number): number {
  let found: RateName | undefined = name;
  while (found !== undefined && rates[found] === undefined) found = parents[found];
  return found === undefined ? 0 : inTier(rates[found] ?? 0, promptTokens);
}

function inTier(rate: Rate, promptTokens: number): number {
  if (typeof rate === 'number') return rate;
  return rate.tiers.findLast(({ start }) => promptTokens > start)?.rate ?? rate.base;
}

const promptRates = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWriteHour',
  'inputAudio',
  'cachedAudio',
  'inputImage',
  'cachedImage',
] as const;
const answerRates = ['output', 'reasoning', 'outputAudio', 'outputImage'] as const;

/**
 * Returns the most that a call can cost in micro-dollars, rounded up: every token of prompt and answer at the dearest rate
 * that a prompt of this length or a shorter one can have.
 */
export function worstCostAt(
  rates: Rates,
  { promptTokens, answerTokens }: { readonly promptTokens: number; readonly answerTokens: number },
): number {
  const dearest = (names: readonly RateName[]): bigint =>
    BigInt(Math.max(0, ...names.flatMap((name) => reachable(rates[name] ?? 0, promptTokens))));
  const sum =
    BigInt(promptTokens) * dearest(promptRates) + BigInt(answerTokens) * dearest(answerRates) + dearest(['request']);
  return Number((sum + 999_999n) / 1_000_000n);
}

function reachable(rate: Rate, promptTokens: number): readonly number[] {
  if (typeof rate === 'number') return [rate];
  return [rate.base, ...rate.tiers.filter(({ start }) => promptTokens > start).map((tier) => tier.rate)];
}
