import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Canonical codes and reasons that are more precise than the HTTP status: an invalid key is a 400. Sources:
 * https://google.aip.dev/193, https://ai.google.dev/gemini-api/docs/troubleshooting
 */
const geminiRules: readonly FailureRule[] = [
  { code: /^API_KEY_(?:INVALID|EXPIRED)$/, kind: 'authentication' },
  { code: /^(?:BILLING_DISABLED|BILLING_NOT_ACTIVE)$/, kind: 'quota' },
  // Limits that reset only the next day; all others are per minute.
  { code: /PerDay/, kind: 'quota' },
  { code: /^UNAUTHENTICATED$/, kind: 'authentication' },
  { code: /^RESOURCE_EXHAUSTED$/, kind: 'rate_limit' },
  // Concerns an account or a region: no billing, or a country that requires it. Another account may work.
  { code: /^FAILED_PRECONDITION$/, kind: 'permission' },
  { code: /^(?:SAFETY|PROHIBITED_CONTENT|BLOCKLIST|IMAGE_SAFETY|SPII)$/, kind: 'content_policy' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  withoutCode(describeFailure(head, bodyText, geminiRules));

/** Describes an error inside an answer with status 200. */
export const toInnerFailure = (error: unknown): UpstreamFailure =>
  withoutCode(describeInnerFailure(error, geminiRules));

/** Removes Google's codes: clients of OpenAI's protocol do not know them and would miss the code that they expect. */
function withoutCode({ code, ...failure }: UpstreamFailure): UpstreamFailure {
  return code === 'model_not_allowed' || code === 'request_too_large' ? { ...failure, code } : failure;
}
