import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { accountLimit } from './account-rules.ts';
import { busyRules, commonRules, innerRules } from './common-rules.ts';
import { readErrorBody } from './error-body.ts';
import { type ErrorSigns, longestMessage, signsOf } from './error-signs.ts';
import { type Evidence, type FailureRule, ruleFor, unquotedText } from './failure-rule.ts';
import { retryAfterMs } from './retry-after.ts';
import { kindOfStatus, messageOfStatus } from './status-kind.ts';

/**
 * Classifies an answer that is not 2xx by status, headers, codes and texts: first with the provider's table, then with
 * the common one, then by status. Status and headers suffice for a kind and a wait, whatever the body is.
 */
export function describeFailure(
  head: ResponseHead,
  bodyText: string,
  rules: readonly FailureRule[] = [],
): UpstreamFailure {
  const signs = readErrorBody(bodyText);
  const evidence = { status: head.status, signs };
  const rule = ruleFor(evidence, rules, commonRules, busyRules);
  return conclude({ evidence, rule, kind: rule?.kind ?? kindOfAnswer(head.status, signs), head });
}

export interface InnerOptions {
  /** Status inside the error, in an answer whose own status is 200. */
  readonly status?: number | undefined;
  /** Message for an error without one. */
  readonly nothingSaid?: string;
  /** Kind of an error that matches no rule. */
  readonly otherwise?: FailureKind;
}

/** Classifies an error inside an answer with status 200: instead of a whole answer, or within a stream. */
export function describeInnerFailure(
  error: unknown,
  rules: readonly FailureRule[] = [],
  options: InnerOptions = {},
): UpstreamFailure {
  const {
    status: given,
    nothingSaid = 'The provider failed in the middle of its answer.',
    otherwise = 'server',
  } = options;
  const signs = signsOf(error);
  const status = given ?? signs.status;
  const evidence = { status, signs };
  const rule = ruleFor(evidence, rules, commonRules, status === undefined ? innerRules : busyRules);
  const byStatus = status === undefined ? otherwise : kindOfStatus(status);
  return conclude({ evidence, rule, kind: rule?.kind ?? byStatus, head: {}, nothingSaid });
}

/**
 * Prefers the status in the body for vague statuses: routers answer 400, 500 or 502 whatever status the server behind
 * them sent.
 */
function kindOfAnswer(status: number, signs: ErrorSigns): FailureKind {
  const isVague = status === 400 || status === 500 || status === 502;
  return kindOfStatus(isVague && signs.status !== undefined ? signs.status : status);
}

interface Conclusion {
  readonly evidence: Evidence;
  readonly rule: FailureRule | undefined;
  readonly kind: FailureKind;
  readonly head: Partial<ResponseHead>;
  readonly nothingSaid?: string;
}

function conclude({ evidence, rule, kind, head, nothingSaid }: Conclusion): UpstreamFailure {
  const { signs, status } = evidence;
  const text = unquotedText(evidence);
  const isOfAccount = kind === 'rate_limit' && (rule?.scope === 'account' || accountLimit.test(text));
  const isOfRequest = kind === 'quota' && rule?.scope === 'model';
  const waitMs = retryAfterMs(head, { kind, delay: signs.delay, text }) ?? rule?.cooldownMs;
  const shouldRetry = booleanOf(head.headers?.['x-should-retry']);
  return {
    kind,
    message: (rule?.message ?? messageFor(kind, evidence, nothingSaid)).slice(0, longestMessage),
    ...(head.status === undefined ? {} : { status }),
    code: rule?.says ?? codeFor(kind, evidence),
    param: signs.param,
    retryAfterMs: waitMs,
    ...(shouldRetry === undefined ? {} : { shouldRetry }),
    ...(isOfAccount ? { rateLimitScope: 'account' as const } : {}),
    ...(isOfRequest ? { rateLimitScope: 'model' as const } : {}),
  };
}

function messageFor(kind: FailureKind, { status, signs }: Evidence, nothingSaid: string | undefined): string {
  const { message: said, form } = signs;
  const ours = kind === 'unexpected' && status !== undefined ? messageOfStatus(status) : undefined;
  const bare = nothingSaid ?? `The provider answered with status ${status ?? 'unknown'}.`;
  if (form === 'page') {
    const page = said === undefined ? bare : `The provider answered with status ${status} and a page titled "${said}".`;
    return ours === undefined ? page : `${ours} ${page}`;
  }
  if (said === undefined) return ours === undefined ? bare : `${ours} (status ${status})`;
  return ours === undefined ? said : `${ours} It said: ${said}`;
}

function codeFor(kind: FailureKind, { status, signs }: Evidence): string | undefined {
  // A 413 without a code concerns bytes, not tokens.
  if (kind === 'context_length' && status === 413 && signs.codes.length === 0) return 'request_too_large';
  return signs.code;
}

function booleanOf(text: string | undefined): boolean | undefined {
  const word = text?.trim().toLowerCase();
  return word === 'true' || word === 'false' ? word === 'true' : undefined;
}
