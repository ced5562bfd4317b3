import { badKey, closedAccount, googleCodes, modelNotAllowed, nothingLeft, tooFast } from './account-rules.ts';
import type { FailureRule } from './failure-rule.ts';
import { contentRefused, moreThanAMinute, noSuchModel, tooLong } from './request-rules.ts';
import { anyOf, word } from './rule-patterns.ts';

/**
 * Rules for all providers, applied after a provider's own table. The first matching row counts, so the order matters:
 * an account closed for its content does not concern one prompt, and a spent balance reported as a rate limit is a
 * spent balance.
 */
export const commonRules: readonly FailureRule[] = [
  ...closedAccount,
  ...contentRefused,
  ...googleCodes,
  ...moreThanAMinute,
  ...nothingLeft,
  ...modelNotAllowed,
  ...tooFast,
  ...tooLong,
  ...noSuchModel,
  ...badKey,
];

const rateTexts = [/rate limit/, /too many requests/];

/** Texts with which a 400 means that the provider is busy. */
export const busyRules: readonly FailureRule[] = [
  {
    status: [400],
    text: anyOf(
      /系统繁忙/,
      /\b(?:systems?|servers?|service|model|engine) (?:(?:is|are) )?(?:(?:currently|temporarily|too|very) )*(?:busy|overloaded)\b/,
      /temporarily unavailable/,
      ...rateTexts,
    ),
    kind: 'busy',
  },
];

/** Rules for an error inside an answer with status 200, which has no status; applied after the other tables. */
export const innerRules: readonly FailureRule[] = [
  { text: anyOf(...rateTexts), kind: 'rate_limit' },
  {
    code: word(
      'invalid_request(?:_error)?',
      'bad_?request(?:_?error)?',
      'invalid_argument',
      'validation_?error',
      'unprocessable_?entity(?:_?error)?',
      'value_?error',
    ),
    kind: 'invalid_request',
  },
  {
    code: word(
      'authentication_?error',
      'unauthenticated',
      'unauthorized',
      'invalid_?api_?key',
      'invalid_authentication(?:_error)?',
    ),
    kind: 'authentication',
  },
  { code: /^(?:permission(?:_denied)?(?:_?error)?|forbidden|access_?denied)$/i, kind: 'permission' },
  { code: /^not_?found(?:_?error)?$/i, kind: 'not_found' },
];
