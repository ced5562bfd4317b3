import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { retryAfterMs } from '../http/retry-after.ts';
import { kindOfStatus } from '../http/status-kind.ts';
import { parseText } from '../parse-text.ts';
import { type WireError, wireErrorBodySchema } from './wire.ts';

/** Longest text of a provider that is passed on. */
const messageLength = 1000;

/**
 * Source: https://docs.claude.com/en/api/errors. A request that has too many bytes (413) may fit another target, just as
 * a prompt that has too many tokens.
 */
const kindOfType: Readonly<Record<string, FailureKind>> = {
  authentication_error: 'authentication',
  billing_error: 'quota',
  permission_error: 'permission',
  not_found_error: 'not_found',
  request_too_large: 'context_length',
  rate_limit_error: 'rate_limit',
  timeout_error: 'server',
  api_error: 'server',
  overloaded_error: 'server',
};

/** Rate limits that time alone does not lift. */
const spent = /spend_limit_reached|billing_unavailable/;

/** What all is an `invalid_request_error`. */
const kindOfMessage: readonly (readonly [RegExp, FailureKind])[] = [
  [/credit balance is too low|specified api usage limits/i, 'quota'],
  [/prompt is too long|exceeds? (?:the )?(?:context limit|context window|maximum context)/i, 'context_length'],
  [/content filtering policy|usage policy/i, 'content_policy'],
];

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const { status } = head;
  const error = parseText(wireErrorBodySchema, bodyText)?.error;
  const byStatus = status === 413 ? 'context_length' : kindOfStatus(status, bodyText);
  return {
    ...describe(error ?? {}, byStatus, `The provider answered with status ${status}.`),
    status,
    retryAfterMs: retryAfterMs(head),
  };
}

/** An error that came with status 200: in a stream, or in place of a whole answer. */
export function toInnerFailure(error: WireError): UpstreamFailure {
  const otherwise = error.type === 'invalid_request_error' ? 'invalid_request' : 'server';
  return describe(error, otherwise, 'The provider failed in the middle of its answer.');
}

function describe(error: Partial<WireError>, otherwise: FailureKind, nothingSaid: string): UpstreamFailure {
  const message = error.message ?? '';
  const code = error.details?.error_code ?? undefined;
  const byMessage = kindOfMessage.find(([pattern]) => pattern.test(message))?.[1];
  const type = error.type ?? '';
  const byType = Object.hasOwn(kindOfType, type) ? kindOfType[type] : byMessage;
  return {
    kind: code !== undefined && spent.test(code) ? 'quota' : (byType ?? otherwise),
    message: (message === '' ? nothingSaid : message).slice(0, messageLength),
    code,
  };
}
