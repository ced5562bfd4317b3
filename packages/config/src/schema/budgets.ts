import { inWords, must, section } from '@sluice/setting-types';
import { z } from 'zod';

/** Most dollars of a budget: its micro-dollars, and the sum of some, stay exact. */
const mostDollars = 1_000_000_000;
const inDollars = `an amount in US dollars from 0 to ${mostDollars}, with at most 6 decimals`;

/** Returns the micro-dollars of an amount; undefined if it has more than 6 decimals. */
export function toMicros(dollars: number): number | undefined {
  const micros = Math.round(dollars * 1e6);
  return micros / 1e6 === dollars ? micros : undefined;
}

const dollars = (): z.ZodNumber =>
  inWords(
    z
      .number(must(inDollars))
      .min(0, must(inDollars))
      .max(mostDollars, must(inDollars))
      .refine((amount) => toMicros(amount) !== undefined, must(inDollars)),
    inDollars,
  );

/** Budgets of a client key or a team; an absent one does not apply. */
export const budgets = section({
  day_usd: dollars().optional().describe('US dollars a day, from midnight UTC.'),
  month_usd: dollars().optional().describe('US dollars a month, from its first day, UTC.'),
  total_usd: dollars().optional().describe('US dollars in all.'),
});
