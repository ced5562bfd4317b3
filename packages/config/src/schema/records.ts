import { section, wholeNumber } from '@sluice/setting-types';

/** Ten years. */
const longestDays = 3650;

export const records = section({
  retention_days: wholeNumber(1, longestDays, 'days')
    .default(30)
    .describe('Time for which the request log is kept. Whole days (UTC) are dropped.'),
  body_retention_days: wholeNumber(1, longestDays, 'days')
    .default(7)
    .describe('Time for which stored bodies of requests and answers are kept.'),
  ledger_retention_months: wholeNumber(2, 240, 'months')
    .default(13)
    .describe(
      'Time for which the ledger is kept, with usage by hour, tag and session. Usage by day is kept for ever: budgets in all are counted from it.',
    ),
});
