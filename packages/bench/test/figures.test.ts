import { describe, expect, it, test } from 'vitest';
import { exitCodeOf, figuresInRounds, figuresOf } from '../src/figures.ts';
import { median, percentile } from '../src/statistics.ts';
import { figures, round } from './rounds.ts';

test.each([
  [[], 0.5, Number.NaN],
  [[7], 0.99, 7],
  [[3, 1, 2], 0.5, 2],
  [Array.from({ length: 100 }, (_, at) => at + 1), 0.99, 99],
])('of %j the quantile %d is %d', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});

test.each([
  [[], Number.NaN],
  [[7], 7],
  [[4, 1], 2.5],
  [[3, 1, 2], 2],
])('of %j the median is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

it('keeps the figures of each round', () => {
  const rounds = figuresInRounds(new Map([['t', [round(), round({ elapsedMs: 500 })]]]));
  expect(rounds['t']?.map(({ requestsPerSecond }) => requestsPerSecond)).toEqual([10, 20]);
});

describe('the figures of a target', () => {
  it('are medians over rounds, and the sum of errors', () => {
    const rounds = [
      round({ legs: { addedFirstTokenMs: 2, tokenLegMs: 0.5 } }),
      round({ elapsedMs: 500, errors: ['x'] }),
      round({ elapsedMs: 2000, cpuMs: 40 }),
    ];
    expect(figuresOf('t', rounds)).toEqual({
      target: 't',
      requestsPerSecond: median([10, 20, 5]),
      tokensPerSecond: 50,
      firstTokenP50: 5,
      firstTokenP99: 10,
      addedFirstTokenP50: 2,
      tokenLegP50: 0.5,
      totalP50: 100,
      totalP99: 100,
      cpuMicrosPerRequest: 2000,
      cpuMicrosPerToken: 400,
      cpuPercent: 2,
      rssMegabytes: 50,
      peakRssMegabytes: 60,
      errors: 1,
      clientCpuPercent: 20,
      upstreamCpuPercent: 10,
      saturated: [],
    });
  });

  it('leave rounds without answers out of the times', () => {
    const [answer] = round().answers;
    const after = (totalMs: number) => round({ answers: answer === undefined ? [] : [{ ...answer, totalMs }] });
    const rounds = [after(100), round({ answers: [] }), after(5)];
    expect(figuresOf('t', rounds)).toMatchObject({ totalP50: 52.5, totalP99: 52.5 });
    expect(figures('t', { answers: [] })).toMatchObject({ totalP50: undefined, totalP99: undefined });
  });

  it('omit values that could not be measured', () => {
    const [answer] = round().answers;
    const answers = answer === undefined ? [] : [{ ...answer, firstTokenMs: undefined }];
    const unmeasured = { answers, cpuMs: undefined, rssBytes: undefined, peakRssBytes: undefined };
    expect(figures('t', unmeasured)).toMatchObject({
      firstTokenP50: undefined,
      addedFirstTokenP50: undefined,
      cpuMicrosPerRequest: undefined,
      cpuPercent: undefined,
      rssMegabytes: undefined,
    });
  });

  it.each([
    [{ cpuShare: 0.95, loopShare: 0.5 }, 0.1, ['client']],
    [{ cpuShare: 0.5, loopShare: 0.95 }, undefined, ['client']],
    [{ cpuShare: 0.85, loopShare: 0.85 }, 0.85, []],
    [{ cpuShare: 0.1, loopShare: 0.1 }, 0.95, ['upstream']],
  ])('say what was saturated, with a client of %j and an upstream of %d: %j', (client, upstreamShare, saturated) => {
    expect(figures('t', { client, upstreamShare })).toMatchObject({ saturated });
  });
});

it.each([
  ['no errors', [figures('Sluice')], 0],
  ['errors of a peer', [figures('Sluice'), figures('peer', { errors: ['x'] })], 0],
  ['errors of Sluice', [figures('Sluice', { errors: ['x'] }), figures('peer')], 1],
  ['errors of the upstream', [figures('direct', { errors: ['x'] })], 1],
])('%s: the exit code is right', (_case, all, exitCode) => {
  expect(exitCodeOf(all, [{ name: 'peer' }])).toBe(exitCode);
});
