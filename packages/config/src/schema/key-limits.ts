import { section, wholeNumber } from '@sluice/setting-types';
import { across, fieldOf } from './across.ts';

/** Limits of a client key or a team; an absent one does not apply. */
export const keyLimits = across(
  section({
    concurrency: wholeNumber(1).optional().describe('Requests that run or wait at once.'),
    rpm: wholeNumber(1).optional().describe('Requests a minute.'),
    rpm_burst: wholeNumber(1)
      .optional()
      .meta({ 'x-default': "a whole minute's" })
      .describe('Requests that may arrive at once.'),
    tpm: wholeNumber(1).optional().describe('Tokens a minute, prompt and answer together.'),
    tpm_burst: wholeNumber(1)
      .optional()
      .meta({ 'x-default': "a whole minute's" })
      .describe('Tokens that requests may use at once.'),
  }),
  function* (value) {
    for (const rate of ['rpm', 'tpm']) {
      const burst = `${rate}_burst`;
      if (fieldOf(value, burst) !== undefined && fieldOf(value, rate) === undefined) {
        yield { path: [burst], message: `has no effect without ${rate}; set ${rate} too` };
      }
    }
  },
);
