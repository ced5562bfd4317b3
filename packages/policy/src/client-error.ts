import { type ErrorCode, GatewayError, type UpstreamFailure } from '@sluice/protocol';

/** `retry-after` is never sent above this: openai-node ignores larger values and hammers instead. */
export const longestRetryAfterMs = 60_000;

const codes: Record<UpstreamFailure['kind'], ErrorCode> = {
  network: 'upstream_error',
  server: 'upstream_error',
  busy: 'upstream_error',
  timeout: 'upstream_timeout',
  rate_limit: 'upstream_rate_limited',
  quota: 'upstream_rate_limited',
  authentication: 'upstream_authentication',
  permission: 'upstream_authentication',
  not_found: 'model_not_found',
  context_length: 'context_length_exceeded',
  content_policy: 'content_policy_violation',
  invalid_request: 'upstream_rejected',
  unsupported: 'unsupported_parameter',
  truncated: 'upstream_truncated',
  malformed: 'upstream_malformed',
  diverged: 'upstream_truncated',
  unexpected: 'upstream_error',
};

/** Kinds whose own words help the client. Those about our credentials would only tell of our account. */
const speaksToClient: ReadonlySet<UpstreamFailure['kind']> = new Set([
  'network',
  'server',
  'busy',
  'timeout',
  'not_found',
  'context_length',
  'content_policy',
  'invalid_request',
  'unsupported',
  'truncated',
  'malformed',
  'diverged',
  'unexpected',
]);

/** Kinds that a client's SDK would get again, although their code alone says otherwise. */
const isFinal: ReadonlySet<UpstreamFailure['kind']> = new Set(['unexpected']);

/**
 * What the client is told when this failure is the last word. `failure.message` must be free of secrets.
 */
export function toClientError(failure: UpstreamFailure): GatewayError {
  const speaks = speaksToClient.has(failure.kind);
  return new GatewayError(codes[failure.kind], {
    message: speaks && failure.message !== '' ? failure.message : undefined,
    param: speaks ? failure.param : undefined,
    upstreamCode: speaks ? failure.code : undefined,
    retryAfterMs: failure.retryAfterMs === undefined ? undefined : Math.min(longestRetryAfterMs, failure.retryAfterMs),
    retryable: failure.shouldRetry ?? (isFinal.has(failure.kind) ? false : undefined),
  });
}
