import { flag, section, wholeNumber } from '@sluice/setting-types';

/** Ten years. */
const longestDays = 3650;
const mebibyte = 1024 * 1024;

export const records = section({
  retention_days: wholeNumber(1, longestDays, 'days')
    .default(30)
    .describe('Time for which the request log is kept. Whole days (UTC) are dropped.'),
  log_bodies: flag()
    .default(false)
    .describe(
      'Keeps the bodies of requests and answers too, masked and encrypted, for client keys that say so as well (`log_bodies`). Needs a database and `SLUICE_SECRET_KEY`.',
    ),
  max_body_bytes: wholeNumber(1024, mebibyte, 'bytes')
    .default(mebibyte / 4)
    .describe('Largest part of a body that is kept. The rest of a longer one is cut off, and the record says so.'),
  body_retention_days: wholeNumber(1, longestDays, 'days')
    .default(7)
    .describe('Time for which stored bodies of requests and answers are kept. Whole days (UTC) are dropped.'),
  ledger_retention_months: wholeNumber(2, 240, 'months')
    .default(13)
    .describe(
      'Time for which the ledger is kept, with usage by hour, tag and session. Usage by day is kept for ever: budgets in all are counted from it.',
    ),
});
