import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import { noTokens, type TokenCounts } from '@sluice/records';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costAt, type TokenParts, worstCostAt } from '../src/cost.ts';
import { priceTable } from '../src/price-table.ts';
import { ratesAt, ratesWithinDay } from '../src/rates-at.ts';
import type { PriceRow, ProviderPrices, Rates } from '../src/table.ts';

const dollars = (amount: number): number => amount * 1_000_000;
const rates: Rates = {
  input: dollars(3),
  cacheRead: dollars(0.3),
  cacheWrite: dollars(3.75),
  output: dollars(15),
};
const counts = (some: Partial<TokenCounts>): TokenCounts => ({ ...noTokens, ...some });

describe('the cost of a call', () => {
  test.each<[name: string, tokens: Partial<TokenCounts>, micros: number]>([
    ['fresh tokens', { fresh: 1000 }, 3000],
    ['each class at its rate', { fresh: 100, cacheRead: 1000, cacheWrite: 10, output: 10 }, 300 + 300 + 38 + 150],
    ['reasoning as output where it has no rate', { reasoning: 10 }, 150],
    ['the sum rounded once, halves up', { fresh: 1, cacheRead: 1, cacheWrite: 1 }, 7],
    ['a half', { cacheRead: 5 }, 2],
    ['nothing', {}, 0],
  ])('counts %s', (_, tokens, micros) => {
    expect(costAt(rates, counts(tokens))).toBe(micros);
  });

  test('stays exact for the largest counts', () => {
    const most = 1_000_000_000;
    expect(costAt({ input: 600_000_001, output: 1 }, counts({ fresh: most, output: most - 1 }))).toBe(600_000_002_000);
  });

  test('has a tier for all tokens of a prompt that is longer', () => {
    const tiered: Rates = { input: { base: dollars(1), tiers: [{ start: 200_000, rate: dollars(2) }] } };
    expect(costAt(tiered, counts({ fresh: 200_000 }))).toBe(200_000);
    expect(costAt(tiered, counts({ fresh: 1, cacheRead: 200_000 }))).toBe(400_002);
  });

  test('counts no token twice that is both image and cached', () => {
    const image: Rates = { input: dollars(5), cacheRead: dollars(1), inputImage: dollars(10) };
    const tokens = counts({ fresh: 100, cacheRead: 900 });
    expect(costAt(image, tokens, { inputImage: 600 })).toBe(100 * 10 + 900);
    expect(costAt(image, tokens, { inputImage: 5000 })).toBe(100 * 10 + 900);
  });

  test('gives audio, and cache entries of an hour, their own rates', () => {
    const audio: Rates = { ...rates, inputAudio: dollars(30), outputAudio: dollars(60), cacheWriteHour: dollars(6) };
    const parts: TokenParts = { inputAudio: 10, outputAudio: 20, cacheWriteHour: 5 };
    expect(costAt(audio, counts({ fresh: 10, cacheWrite: 5, output: 20 }), parts)).toBe(300 + 1200 + 30);
  });

  test('adds the price of a request to one that used tokens', () => {
    const perRequest: Rates = { input: dollars(1), request: 12_000_000_000 };
    expect(costAt(perRequest, counts({ fresh: 1 }))).toBe(12_001);
    expect(costAt(perRequest, noTokens)).toBe(0);
  });
});

const someCount = fc.integer({ min: 0, max: 300_000 });
const anyTokens = fc.record({
  fresh: someCount,
  cacheRead: someCount,
  cacheWrite: someCount,
  output: someCount,
  reasoning: someCount,
});
const anyTime = fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2027, 5) });
const allRows = priceTable.providers.flatMap((provider) =>
  provider.rows.map((row): [ProviderPrices, PriceRow] => [provider, row]),
);
const anyRow = fc.constantFrom(...allRows);

test('equals the cost that the source computes, for every model at any time', async () => {
  const providers = (await waitForUpdate()) ?? [];
  fc.assert(
    fc.property(anyRow, anyTokens, anyTime, ([provider, [id, , prices]], tokens, at) => {
      const source = providers.find((one) => one.id === provider.id);
      const model = source?.models.find((one) => one.id === id);
      if (source === undefined || model === undefined || prices === null) return;
      const theirs = calcPrice(usageOf(tokens), 'it', {
        // The rules for names are tested elsewhere.
        provider: { ...source, models: [{ ...model, match: { equals: 'it' } }] },
        timestamp: new Date(at),
      });
      const spent = costAt(ratesAt(prices, at), tokens);
      // Their sums are floats, and each of their rates may have more digits than a micro-dollar per million.
      expect(Math.abs(spent - (theirs?.total_price ?? 0) * 1_000_000)).toBeLessThan(1.1);
    }),
    { numRuns: 3000 },
  );
});

const usageOf = (tokens: TokenCounts): Record<string, number> => ({
  input_tokens: tokens.fresh + tokens.cacheRead + tokens.cacheWrite,
  cache_read_tokens: tokens.cacheRead,
  cache_write_tokens: tokens.cacheWrite,
  output_tokens: tokens.output + tokens.reasoning,
  output_reasoning_tokens: tokens.reasoning,
});

test('is never above the worst cost', () => {
  const anyDelay = fc.integer({ min: 0, max: 86_400_000 });
  fc.assert(
    fc.property(anyRow, anyTokens, anyTime, anyDelay, ([, [, , prices]], tokens, at, delay) => {
      if (prices === null) return;
      const bounds = {
        promptTokens: tokens.fresh + tokens.cacheRead + tokens.cacheWrite,
        answerTokens: tokens.output + tokens.reasoning,
      };
      const worst = Math.max(...ratesWithinDay(prices, at).map((one) => worstCostAt(one, bounds)));
      expect(costAt(ratesAt(prices, at + delay), tokens)).toBeLessThanOrEqual(worst);
    }),
    { numRuns: 2000 },
  );
});
