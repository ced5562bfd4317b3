import { describe, expect, it } from 'vitest';
import { anyKey, load } from '../load.ts';

const pricesOf = (yaml: string) => load(yaml, anyKey).prices;

describe('prices', () => {
  it('are those of the table, and 5 and 25 dollars for other models', () => {
    expect(pricesOf('')).toEqual({ unknownModel: 'default', default: { input: 5, output: 25 }, overrides: [] });
  });

  it('may be overridden for an upstream and a model', () => {
    const { overrides } = pricesOf(`
prices:
  overrides:
    - { upstream: azure-*, model: gpt-*, input: 2.5, output: 10, cache_read: 1.25 }
    - { model: '*', input: 0, output: 0 }
`);
    expect(overrides).toEqual([
      { upstream: 'azure-*', model: 'gpt-*', input: 2.5, output: 10, cacheRead: 1.25 },
      { upstream: '*', model: '*', input: 0, output: 0 },
    ]);
  });

  it.each([
    ['prices: { default: { input: -1 } }', 'prices.default.input: must be US dollars from 0 to 1000000'],
    ['prices: { overrides: [{ model: a, input: 1 }] }', 'prices.overrides[0].output: is missing'],
    ['prices: { unknown_model: free }', 'prices.unknown_model: must be one of refuse, default, zero'],
  ])('refuses %s', (yaml, problem) => {
    expect(() => pricesOf(yaml)).toThrow(problem);
  });
});
