import { describe, expect, it } from 'vitest';
import { figuresOf, type Round, tableOf } from '../src/report.ts';
import { scenarios } from '../src/scenarios.ts';
import { median, percentile } from '../src/statistics.ts';

const round = (over: Partial<Round> = {}): Round => ({
  answers: Array.from({ length: 10 }, (_, at) => ({ firstTokenMs: at + 1, totalMs: 100, tokens: 5 })),
  errors: [],
  elapsedMs: 1000,
  cpuMs: 20,
  rssBytes: 50_000_000,
  ...over,
});

it.each([
  [[], 0.5, Number.NaN],
  [[7], 0.99, 7],
  [[3, 1, 2], 0.5, 2],
  [Array.from({ length: 100 }, (_, at) => at + 1), 0.99, 99],
])('of %j the quantile %d is %d', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});

describe('the figures of a target', () => {
  it('are medians over rounds, and the sum of errors', () => {
    const rounds = [round(), round({ elapsedMs: 500, errors: ['x'] }), round({ elapsedMs: 2000, cpuMs: 40 })];
    expect(figuresOf('t', rounds)).toEqual({
      target: 't',
      requestsPerSecond: median([10, 20, 5]),
      tokensPerSecond: 50,
      firstTokenP50: 5,
      firstTokenP99: 10,
      totalP50: 100,
      totalP99: 100,
      cpuMsPerRequest: 2,
      cpuMicrosPerToken: 400,
      rssMegabytes: 50,
      errors: 1,
    });
  });

  it('omit values that could not be measured', () => {
    const whole = { answers: [{ firstTokenMs: undefined, totalMs: 10, tokens: 5 }], cpuMs: undefined };
    const figures = figuresOf('t', [round({ ...whole, rssBytes: undefined })]);
    expect(figures).toMatchObject({ firstTokenP50: undefined, cpuMsPerRequest: undefined, rssMegabytes: undefined });
  });

  it('form a table with ratios to the first row', () => {
    const table = tableOf([figuresOf('direct', [round()]), figuresOf('sluice', [round({ elapsedMs: 2000 })])]);
    expect(table.split('\n')).toHaveLength(4);
    expect(table).toMatch(/\| sluice +\| +5\.00 +\| +0\.50 \|/);
  });
});

it('the scenarios request as many tokens as they check', () => {
  for (const { directives, tokens } of scenarios) expect(directives).toMatch(new RegExp(`^t${tokens}(?:-|$)`));
});
