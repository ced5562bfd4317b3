import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Source: https://docs.claude.com/en/api/errors. A request that has too many bytes (413) may fit another target, just as
 * a prompt that has too many tokens. Much of what is wrong with
 * an account is an `invalid_request_error`, of which only the text tells.
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

/** An error that came with status 200: in a stream, or in place of a whole answer. */
export const toInnerFailure = (error: unknown): UpstreamFailure => describeInnerFailure(error, anthropicRules);
