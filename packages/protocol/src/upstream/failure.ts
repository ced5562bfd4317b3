import type { UpstreamAnswer } from '../errors/gateway-error.ts';

/**
 * Kinds of failures of one attempt. Each provider's failures are mapped to them:
 *
 * | kind            | meaning                                                                             |
 * |-----------------|-------------------------------------------------------------------------------------|
 * | network         | refused, reset, unreachable, closed before an answer                                 |
 * | certificate     | the provider's TLS certificate is not acceptable; `code` gives the reason            |
 * | timeout         | no first token, or no further token, for too long                                    |
 * | server          | the provider reports that it failed or is overloaded (408, 421, 424, 499, 5xx)       |
 * | busy            | the provider can't serve this request at the moment (409, 423, 425, a busy 400)      |
 * | rate_limit      | the rate limit of this credential is reached (429)                                   |
 * | quota           | the balance of this credential is used up (402)                                      |
 * | authentication  | the provider does not accept this credential (401)                                   |
 * | permission      | this credential lacks a permission (403); with code `model_not_allowed`: this model  |
 * | not_found       | the provider does not have this model (404, 410)                                     |
 * | context_length  | the request is too large for this model; with code `request_too_large`: in bytes     |
 * | content_policy  | this provider refuses the content                                                    |
 * | invalid_request | the request is invalid for every provider (400, 422)                                 |
 * | unsupported     | this provider can't do what the request asks for (no provider call was made)         |
 * | truncated       | the answer ended before it was complete                                              |
 * | malformed       | the answer can't be parsed                                                           |
 * | diverged        | the answer differs from the one that it had to resume                                |
 * | unexpected      | a status that neither time nor another key mends (3xx, 405, 415, 501, a wrong URL …) |
 */
export const failureKinds = [
  'network',
  'certificate',
  'timeout',
  'server',
  'busy',
  'rate_limit',
  'quota',
  'authentication',
  'permission',
  'not_found',
  'context_length',
  'content_policy',
  'invalid_request',
  'unsupported',
  'truncated',
  'malformed',
  'diverged',
  'unexpected',
] as const;
export type FailureKind = (typeof failureKinds)[number];

export interface UpstreamFailure {
  readonly kind: FailureKind;
  /** May still contain parts of a key that the provider echoed: redact before it leaves the worker. */
  readonly message: string;
  /** HTTP status, if the provider answered. */
  readonly status?: number | undefined;
  /** The provider's own code. */
  readonly code?: string | undefined;
  /** The field that the provider reports as wrong. */
  readonly param?: string | undefined;
  /** Wait that the provider asks for, in ms: a whole number from 0 to 24 h. */
  readonly retryAfterMs?: number | undefined;
  /** Set if another credential of this upstream may serve the request; this one remains usable for other requests. */
  readonly isOfCredential?: boolean | undefined;
  /** The provider's own `x-should-retry`: whether the same request may be sent to it again. */
  readonly shouldRetry?: boolean | undefined;
  /**
   * The provider's own answer, for a client that speaks its protocol. Absent if the client's request was translated, or the
   * failure concerns the operator's account.
   */
  readonly answer?: UpstreamAnswer | undefined;
  /**
   * Scope of the limit. Undefined means the credential's use of this model for `rate_limit`, and the account for
   * `quota`; `model` with `quota` means that the balance is too small for this request.
   */
  readonly rateLimitScope?: 'model' | 'account' | undefined;
}
