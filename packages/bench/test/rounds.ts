import { type Figures, figuresOf } from '../src/figures.ts';
import type { Round } from '../src/measure.ts';

/** Returns a round of ten streams of five tokens in a second, with changes. */
export const round = (over: Partial<Round> = {}): Round => ({
  answers: Array.from({ length: 10 }, (_, at) => ({
    rid: `r${at}`,
    askedAt: 0,
    firstTokenMs: at + 1,
    lastTokenMs: 90,
    totalMs: 100,
    tokens: 5,
  })),
  errors: [],
  elapsedMs: 1000,
  client: { cpuShare: 0.2, loopShare: 0.3 },
  cpuMs: 20,
  rssBytes: 50_000_000,
  peakRssBytes: 60_000_000,
  upstreamShare: 0.1,
  legs: undefined,
  ...over,
});

/** Returns the figures of a target after one such round. */
export const figures = (target: string, over: Partial<Round> = {}): Figures => figuresOf(target, [round(over)]);
