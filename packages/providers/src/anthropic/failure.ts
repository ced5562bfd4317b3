import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Source: https://docs.claude.com/en/api/errors. A request that has too many bytes (413) may fit another target, just as
 * a prompt that has too many tokens. Types are believed over the status; an `invalid_request_error` is a matter of its text.
 */
export const anthropicRules: readonly FailureRule[] = [
  // Rate limits that time alone does not lift.
  { code: /spend_limit_reached|billing_unavailable/, kind: 'quota' },
  { code: /^billing_error$/, kind: 'quota' },
  { text: /credit balance is too low|specified api usage limits/i, kind: 'quota' },
  { text: /organization has been disabled|not enabled for your (?:organization|account)/i, kind: 'permission' },
  { code: /^authentication_error$/, kind: 'authentication' },
  { code: /^request_too_large$/, kind: 'context_length' },
  { code: /^rate_limit_error$/, text: /\baccount\b[^.]{0,40}\brate limit/i, kind: 'rate_limit', scope: 'account' },
  { code: /^rate_limit_error$/, kind: 'rate_limit' },
  { code: /^(?:timeout_error|api_error|overloaded_error)$/, kind: 'server' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, anthropicRules);

/** An error that came with status 200: in a stream, or in place of a whole answer. */
export const toInnerFailure = (error: unknown): UpstreamFailure => describeInnerFailure(error, anthropicRules);
