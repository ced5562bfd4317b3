/**
 * Kinds of failures of one call to an upstream. Every provider's failures are sorted into them:
 *
 * | kind            | what happened                                                                       |
 * |-----------------|-------------------------------------------------------------------------------------|
 * | network         | refused, reset, unreachable, closed before an answer                                 |
 * | certificate     | the provider's TLS certificate is not acceptable; `code` says why                    |
 * | timeout         | silence: no first token, or a gap between two, for too long                          |
 * | server          | the provider says that it failed or is overloaded (408, 421, 424, 499, 5xx)          |
 * | busy            | the provider can't serve this request at the moment (409, 423, 425, a busy 400)      |
 * | rate_limit      | this credential is too fast (429)                                                    |
 * | quota           | this credential has nothing left to spend (402)                                      |
 * | authentication  | this credential is not known (401)                                                   |
 * | permission      | this credential may not (403); with code `model_not_allowed`: not use this model     |
 * | not_found       | the provider does not have this model (404, 410)                                     |
 * | context_length  | the request is too large for this model; with code `request_too_large`: in bytes     |
 * | content_policy  | this provider refuses the content                                                    |
 * | invalid_request | the request is wrong, wherever it is sent (400, 422)                                 |
 * | unsupported     | this provider can't do what the request asks for (no call was made)                  |
 * | truncated       | the answer ended before it was complete                                              |
 * | malformed       | the answer can't be understood                                                       |
 * | diverged        | another answer than the one that it was to go on with                                |
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
  /** The message may still hold parts of a key that the provider echoed: redact before it leaves the worker. */
  readonly message: string;
  /** HTTP status, where the provider answered. */
  readonly status?: number | undefined;
  /** The provider's own code. */
  readonly code?: string | undefined;
  /** The field that the provider blames. */
  readonly param?: string | undefined;
  /** The wait that the provider asks for: ms, a whole number from 0 to 24 h. */
  readonly retryAfterMs?: number | undefined;
  /** Another credential of this upstream may do what the request asks for; this one is good for other requests. */
  readonly isOfCredential?: boolean | undefined;
  /** The provider's own `x-should-retry`: may the same request be sent to it again? */
  readonly shouldRetry?: boolean | undefined;
  /**
   * The limit's scope. Undefined means for `rate_limit` the credential's use of this model, for `quota` the account:
   * `model` there says that the balance is too small for this request.
   */
  readonly rateLimitScope?: 'model' | 'account' | undefined;
}
