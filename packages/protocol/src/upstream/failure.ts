/**
 * Why one call to an upstream failed, in words that every provider's failures translate to:
 *
 * | kind            | what happened                                                             |
 * |-----------------|---------------------------------------------------------------------------|
 * | network         | refused, reset, unreachable, closed before an answer                       |
 * | timeout         | silence: no first token, or a gap between two, for too long                |
 * | server          | the provider says that it failed or is overloaded (408, 500, 502–504, 52x) |
 * | busy            | a 400 whose text says "busy": the provider means a 503                     |
 * | rate_limit      | this credential is too fast (429)                                          |
 * | quota           | this credential has nothing left to spend                                  |
 * | authentication  | this credential is not known (401)                                         |
 * | permission      | this credential may not (403)                                              |
 * | not_found       | there is no such model here (404)                                          |
 * | context_length  | the prompt is too long for this model                                      |
 * | content_policy  | this provider refuses the content                                          |
 * | invalid_request | the request is wrong, wherever it is sent                                  |
 * | unsupported     | this provider can't do what the request asks for (no call was made)        |
 * | truncated       | the answer ended before it was complete                                    |
 * | malformed       | the answer can't be understood                                             |
 * | diverged        | another answer than the one that it was to go on with                      |
 * | unexpected      | a status that neither time nor another key mends (3xx, 501, 505 …)         |
 */
export const failureKinds = [
  'network',
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
  /** May still hold what the provider echoed of a key: redact before it leaves the worker. */
  readonly message: string;
  /** HTTP status, where the provider answered. */
  readonly status?: number | undefined;
  /** The provider's own code. */
  readonly code?: string | undefined;
  /** The field that the provider blames. */
  readonly param?: string | undefined;
  /** How long the provider asks us to stay away. */
  readonly retryAfterMs?: number | undefined;
  /** The provider's own `x-should-retry`: `false` means that the same call would fail again. */
  readonly shouldRetry?: boolean | undefined;
  /** What a `rate_limit` is about; undefined = the model. */
  readonly rateLimitScope?: 'model' | 'account' | undefined;
}
