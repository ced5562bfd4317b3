import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Canonical codes and reasons that say more than the HTTP status: a wrong key is a 400.
 * Sources: https://google.aip.dev/193, https://ai.google.dev/gemini-api/docs/troubleshooting
 */
const geminiRules: readonly FailureRule[] = [
  { code: /^API_KEY_(?:INVALID|EXPIRED)$/, kind: 'authentication' },
  { code: /^(?:BILLING_DISABLED|BILLING_NOT_ACTIVE)$/, kind: 'quota' },
  // Limits that only the next day lifts; all others are of a minute.
  { code: /PerDay/, kind: 'quota' },
  { code: /^UNAUTHENTICATED$/, kind: 'authentication' },
  { code: /^RESOURCE_EXHAUSTED$/, kind: 'rate_limit' },
  // Of an account or a place: no billing, or a country that is not served without. Another account may do.
  { code: /^FAILED_PRECONDITION$/, kind: 'permission' },
  { code: /^(?:SAFETY|PROHIBITED_CONTENT|BLOCKLIST|IMAGE_SAFETY|SPII)$/, kind: 'content_policy' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  withoutCode(describeFailure(head, bodyText, geminiRules));

/** An error that came inside an answer of status 200. */
export const toInnerFailure = (error: unknown): UpstreamFailure =>
  withoutCode(describeInnerFailure(error, geminiRules));

/** Clients of OpenAI's protocol know none of Google's codes, and would miss the one that they look for. */
function withoutCode({ code, ...failure }: UpstreamFailure): UpstreamFailure {
  return code === 'model_not_allowed' || code === 'request_too_large' ? { ...failure, code } : failure;
}
