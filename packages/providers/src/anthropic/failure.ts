import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Rules for Anthropic's errors. Source: https://docs.claude.com/en/api/errors. A request with too many bytes (413) may
 * fit another target, like a prompt with too many tokens. Many problems of an account are reported as
 * `invalid_request_error`; only the text tells which.
 */
const anthropicRules: readonly FailureRule[] = [
  // Rate limits that time alone does not lift.
  { code: /spend_limit_reached|billing_unavailable/, kind: 'quota' },
  { code: /^billing_error$/, kind: 'quota' },
  { text: /credit balance is too low|specified api usage limits/i, kind: 'quota' },
  { text: /organization has been disabled|not enabled for your (?:organization|account)/i, kind: 'permission' },
  { code: /^authentication_error$/, kind: 'authentication' },
  { code: /^request_too_large$/, kind: 'context_length' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, anthropicRules);

/** Describes an error with status 200: in a stream, or instead of a whole answer. */
export const toInnerFailure = (error: unknown): UpstreamFailure => describeInnerFailure(error, anthropicRules);
