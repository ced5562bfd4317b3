import { noTokens } from '@sluice/records';
import { describe, expect, test } from 'vitest';
import { costOf, createPricing, type PricedTarget, type PricingNeeds } from '../src/index.ts';

const at = Date.UTC(2026, 10, 30);
const date = '2026-09-23';

/** Globs of these tests: a name, or a beginning and `*`. */
const compileGlob = (glob: string) => (name: string) =>
  glob.endsWith('*') ? name.startsWith(glob.slice(0, -1)) : name === glob;

const pricing = (needs: Partial<PricingNeeds> = {}) =>
  createPricing({ overrides: [], unknownModel: 'default', default: { input: 5, output: 25 }, compileGlob, ...needs });

const target = (some: Partial<PricedTarget>): PricedTarget => ({
  upstream: 'main',
  type: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  model: 'gpt-4o',
  ...some,
});

describe('the price of a target', () => {
  test.each<[name: string, target: Partial<PricedTarget>, source: string, input: unknown]>([
    ['an exact name', {}, `openai@${date}`, 2_500_000],
    ['a name in upper case', { model: 'GPT-4o' }, `openai@${date}`, 2_500_000],
    [
      'a dated name',
      { type: 'anthropic', baseUrl: 'https://api.anthropic.com/v1', model: 'claude-3-haiku-20240307' },
      `anthropic@${date}`,
      250_000,
    ],
    [
      'the type, behind a proxy of your own',
      { type: 'gemini', baseUrl: 'http://proxy', model: 'gemini-2.5-pro' },
      `google@${date}`,
      { base: 1_250_000, tiers: [{ start: 200_000, rate: 2_500_000 }] },
    ],
    [
      'the base URL before the type',
      { type: 'anthropic', baseUrl: 'https://api.deepseek.com/anthropic', model: 'deepseek-v4-flash' },
      `deepseek@${date}`,
      220_000,
    ],
    [
      'the owner of the name, at a server of the type openai',
      { baseUrl: 'http://proxy/v1', model: 'claude-3-haiku-20240307' },
      `anthropic@${date}`,
      250_000,
    ],
    [
      'the models of another provider that Azure serves',
      { type: 'azure', baseUrl: 'https://x.openai.azure.com', model: 'gpt-5' },
      `openai@${date}`,
      1_250_000,
    ],
    [
      'the other shop of the maker',
      { type: 'zai', baseUrl: 'https://api.z.ai/api/paas/v4', model: 'glm-4.7' },
      `zhipuai@${date}`,
      276_000,
    ],
    ['a free server', { type: 'ollama', baseUrl: 'http://localhost:11434', model: 'llama3' }, 'free', undefined],
  ])('follows %s', (_, some, source, input) => {
    const price = pricing().priceOf({ ...target(some), at });
    expect({ source: price.source, input: price.rates.input }).toEqual({ source, input });
    expect(price.isKnown).toBe(true);
  });

  test('is that of the day of the call', () => {
    const inputAt = (time: number) => pricing().priceOf({ ...target({ model: 'o3' }), at: time }).rates.input;
    expect([inputAt(Date.UTC(2025, 5, 9)), inputAt(Date.UTC(2025, 5, 10))]).toEqual([10_000_000, 2_000_000]);
  });

  test('is that of the hour of the call', () => {
    const deepseek = target({ baseUrl: 'https://api.deepseek.com', model: 'deepseek-v4-pro' });
    const inputAt = (hour: number) => pricing().priceOf({ ...deepseek, at: Date.UTC(2026, 10, 30, hour) }).rates.input;
    expect([0, 1, 3, 4, 6, 9, 10].map(inputAt)).toEqual([
      660_000, 1_320_000, 1_320_000, 660_000, 1_320_000, 1_320_000, 660_000,
    ]);
  });

  test('is that of the first matching override', () => {
    const overridden = pricing({
      overrides: [
        { upstream: 'other', model: '*', input: 9, output: 9 },
        { upstream: '*', model: 'gpt-*', input: 0.1, output: 0.25, cacheRead: 0.05 },
        { upstream: 'main', model: '*', input: 8, output: 8 },
      ],
    });
    expect(overridden.priceOf({ ...target({}), at })).toEqual({
      rates: { input: 100_000, output: 250_000, cacheRead: 50_000 },
      source: 'config',
      isKnown: true,
    });
  });
});

describe('a model without a price', () => {
  const unknown = target({ model: 'made-up' });
  const tokens = { ...noTokens, fresh: 100, output: 10 };

  test.each([
    ['default', 'default', 750],
    ['refuse', 'default', 750],
    ['zero', 'none', 0],
  ] as const)('costs by the policy %s', (unknownModel, source, costMicros) => {
    const price = pricing({ unknownModel }).priceOf({ ...unknown, at });
    expect(costOf(tokens, price)).toEqual({ source, costMicros });
    expect(price.isKnown).toBe(false);
  });

  test('is told each time, and is new once', () => {
    const told: [string, boolean][] = [];
    const priced = pricing({ onUnknown: ({ model }, isFirst) => told.push([model, isFirst]) });
    expect(priced.hasPrice(unknown)).toBe(false);
    priced.priceOf({ ...unknown, at });
    priced.priceOf({ ...unknown, at });
    priced.priceOf({ ...target({}), at });
    expect(told).toEqual([
      ['made-up', true],
      ['made-up', false],
    ]);
  });

  test('is a model that is priced by the hour', () => {
    expect(pricing().hasPrice(target({ model: 'whisper-1' }))).toBe(false);
  });
});

describe('the worst cost', () => {
  test('has every token at the dearest rate, rounded up', () => {
    const claude = target({ type: 'anthropic', baseUrl: 'https://api.anthropic.com/v1', model: 'claude-sonnet-4-6' });
    // The dearest token of a prompt is one that is written into the cache for an hour: 6 dollars a million.
    expect(pricing().worstCost({ ...claude, at, promptTokens: 1000, answerTokens: 100 })).toBe(6000 + 1500);
    const cheap = { input: 0.1, output: 0.1 };
    const rounded = pricing({ overrides: [{ upstream: '*', model: '*', ...cheap }] });
    expect(rounded.worstCost({ ...claude, at, promptTokens: 1, answerTokens: 0 })).toBe(1);
  });

  test('has the dearest hour of the day', () => {
    const deepseek = target({ baseUrl: 'https://api.deepseek.com', model: 'deepseek-v4-pro' });
    const bounds = { promptTokens: 1000, answerTokens: 0 };
    expect(pricing().worstCost({ ...deepseek, at: Date.UTC(2026, 10, 30, 11), ...bounds })).toBe(1320);
  });
});
