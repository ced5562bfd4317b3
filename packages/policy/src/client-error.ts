import { type ErrorCode, type FailureKind, GatewayError, type UpstreamFailure } from '@sluice/protocol';
import { showsInside, withoutAccount } from './client-text.ts';

/** Maximum of `retry-after`, in ms: openai-node ignores larger values and retries at its own fast pace. */
const longestRetryAfterMs = 60_000;

/**
 * Returns the wait (ms) that a client is told: the whole wait, up to a minute. The limit holds for the provider's wait
 * and for our own (a cooldown of an hour, an open circuit, a rate limit): a client that returns after a minute is
 * refused again, with the rest.
 */
export const clientWaitMs = (waitMs: number): number => Math.min(longestRetryAfterMs, waitMs);

interface Told {
  readonly code: ErrorCode;
  /**
   * - `nothing`: the message of the error table; the provider's text would only describe the operator's account.
   * - `harmless`: the provider's text, unless it shows the provider's internals.
   * - `cleaned`: the provider's text without ids and addresses; it helps the client.
   */
  readonly words: 'nothing' | 'harmless' | 'cleaned';
  /** True if the provider's own code replaces the less specific code of the error table. */
  readonly namesCode?: boolean;
  /** True if the same request would fail the same way, even if the error table marks the code as retryable. */
  readonly isFinal?: boolean;
}

/** Error that clients get for each failure kind. */
const told: Record<FailureKind, Told> = {
  network: { code: 'upstream_error', words: 'harmless', namesCode: true },
  certificate: { code: 'upstream_error', words: 'nothing', namesCode: true, isFinal: true },
  server: { code: 'upstream_error', words: 'harmless', namesCode: true },
  busy: { code: 'upstream_error', words: 'harmless', namesCode: true },
  timeout: { code: 'upstream_timeout', words: 'harmless' },
  rate_limit: { code: 'upstream_rate_limited', words: 'nothing' },
  quota: { code: 'upstream_rate_limited', words: 'nothing' },
  authentication: { code: 'upstream_authentication', words: 'nothing' },
  permission: { code: 'upstream_authentication', words: 'nothing' },
  not_found: { code: 'model_not_found', words: 'cleaned' },
  context_length: { code: 'context_length_exceeded', words: 'cleaned' },
  content_policy: { code: 'content_policy_violation', words: 'cleaned' },
  invalid_request: { code: 'upstream_rejected', words: 'cleaned', namesCode: true },
  unsupported: { code: 'unsupported_parameter', words: 'cleaned' },
  truncated: { code: 'upstream_truncated', words: 'cleaned' },
  malformed: { code: 'upstream_malformed', words: 'cleaned' },
  diverged: { code: 'upstream_truncated', words: 'cleaned' },
  unexpected: { code: 'upstream_error', words: 'cleaned', namesCode: true, isFinal: true },
};

/** Messages for the codes of kind `certificate`. */
const certificateMessages: Readonly<Record<string, string>> = {
  certificate_expired: "The provider's certificate has expired.",
  certificate_not_yet_valid: "The provider's certificate is not valid yet.",
  certificate_wrong_host: "The provider's certificate is for another host.",
  certificate_self_signed: "The provider's certificate is self-signed.",
  certificate_unknown_authority: "The provider's certificate was issued by an unknown authority.",
  certificate_required: 'The provider requires a client certificate.',
  client_certificate_refused: "The provider does not accept the gateway's certificate.",
};

/** Form of a code that SDKs can compare; other values are sentences or parts of the operator's network. */
const codeWord = /^[A-Za-z0-9][\w.:-]{0,79}$/;
const fieldPath = /^[\w.[\]$-]{1,200}$/;

/**
 * Returns the client's error if this failure ends the request. `failure.message` must be free of secrets. The
 * operator's log has the full message; the client's error omits the operator's account and network.
 */
export function toClientError(failure: UpstreamFailure): GatewayError {
  const { words, namesCode = false, isFinal = false } = told[failure.kind];
  const code = codeOf(failure);
  const speaks = words !== 'nothing';
  return new GatewayError(code, {
    message: messageOf(failure),
    param: speaks && failure.param !== undefined && fieldPath.test(failure.param) ? failure.param : undefined,
    upstreamCode: namesCode ? wordOf(failure.code) : undefined,
    retryAfterMs: failure.retryAfterMs === undefined ? undefined : clientWaitMs(failure.retryAfterMs),
    retryable: failure.shouldRetry ?? (isFinal ? false : undefined),
    upstreamAnswer: isOfRequest.has(failure.kind) ? failure.answer : undefined,
  });
}

/** The fault is in the request, so the provider's words are about it and not about the operator's account. */
const isOfRequest: ReadonlySet<UpstreamFailure['kind']> = new Set([
  'invalid_request',
  'context_length',
  'content_policy',
]);

/** Returns the code of the error table. Two kinds have a second code. */
function codeOf({ kind, code }: UpstreamFailure): ErrorCode {
  if (kind === 'context_length' && code === 'request_too_large') return 'request_too_large';
  // None of the operator's credentials may use the model: for the client, the model does not exist.
  if (kind === 'permission' && code === 'model_not_allowed') return 'model_not_found';
  return told[kind].code;
}

function messageOf({ kind, code, message }: UpstreamFailure): string | undefined {
  if (kind === 'certificate') return certificateMessages[code ?? ''] ?? "The provider's certificate is not acceptable.";
  const { words } = told[kind];
  if (words === 'nothing' || message === '') return undefined;
  if (words === 'harmless') return showsInside(message) ? undefined : message;
  return withoutAccount(message);
}

const wordOf = (code: string | undefined): string | undefined =>
  code !== undefined && codeWord.test(code) && !showsInside(code) ? code : undefined;
