/** One row of the error table: what a code means to a client. */
export interface ErrorRow {
  readonly status: number;
  readonly type: ErrorType;
  /** True if the client's SDK may send the same request again by itself. Sent as `x-should-retry`. */
  readonly retryable: boolean;
  /** Default message; used when the code that raises the error gives no more precise one. */
  readonly message: string;
}

/** The `type` field of OpenAI's error envelope. */
export type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'insufficient_quota'
  | 'overloaded_error'
  | 'upstream_error'
  | 'timeout_error'
  | 'internal_error';

const invalid = (message: string): ErrorRow => ({
  status: 400,
  type: 'invalid_request_error',
  retryable: false,
  message,
});
const wrongAt = (status: number, message: string): ErrorRow => ({ ...invalid(message), status });
const forbidden = (message: string): ErrorRow => ({
  status: 403,
  type: 'permission_error',
  retryable: false,
  message,
});
const overloaded = (message: string): ErrorRow => ({
  status: 503,
  type: 'overloaded_error',
  retryable: true,
  message,
});
const upstream = (message: string, retryable = true): ErrorRow => ({
  status: 502,
  type: 'upstream_error',
  retryable,
  message,
});

/**
 * All error codes that Sluice itself produces. An upstream's own code may replace `upstream_error` in an answer; status
 * and type stay those of the row.
 */
export const errorTable = {
  invalid_json: invalid('The request body is not valid JSON.'),
  invalid_encoding: invalid('The request body could not be decoded.'),
  json_too_deep: invalid('The request body is nested too deeply.'),
  invalid_request: invalid('The request is invalid.'),
  invalid_type: invalid('A field has the wrong type.'),
  invalid_value: invalid('A field has a value that is not supported.'),
  missing_required_parameter: invalid('A required field is missing.'),
  string_above_max_length: invalid('A text is too long.'),
  empty_string: invalid('A text is empty.'),
  empty_array: invalid('A list is empty.'),
  array_above_max_length: invalid('A list is too long.'),
  max_tokens_per_request: invalid('The request has more tokens than one request may have.'),
  object_above_max_properties: invalid('An object has too many properties.'),
  integer_above_max_value: invalid('A number is too large.'),
  integer_below_min_value: invalid('A number is too small.'),
  decimal_above_max_value: invalid('A number is too large.'),
  decimal_below_min_value: invalid('A number is too small.'),
  unsupported_parameter: invalid('A parameter is not supported by this model.'),
  unsupported_tool: invalid('A tool of the request runs at its provider alone, and no upstream of this model has it.'),
  context_length_exceeded: invalid("The prompt does not fit into the model's context window."),
  content_policy_violation: invalid('The provider refused the content of this request.'),
  upstream_rejected: invalid('The provider rejected the request.'),

  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    retryable: false,
    message: 'No valid API key was given. Send it as "Authorization: Bearer KEY" or "x-api-key: KEY".',
  },
  key_revoked: {
    status: 401,
    type: 'authentication_error',
    retryable: false,
    message: 'This API key was revoked.',
  },
  key_expired: {
    status: 401,
    type: 'authentication_error',
    retryable: false,
    message: 'This API key has expired.',
  },
  key_without_team: forbidden('The team of this API key does not exist here any more, so its limits are unknown.'),
  address_not_allowed: forbidden('This API key may not be used from this address.'),
  admin_key_required: forbidden(
    'This page needs an API key with `admin: true`. The management port shows `/metrics`, `/health` and `/status` without one.',
  ),
  model_not_allowed: forbidden('This API key may not use the requested model.'),
  model_not_priced: forbidden('The requested model has no price here, and models without a price are refused.'),
  model_not_found: wrongAt(404, 'The requested model does not exist here.'),
  origin_not_allowed: forbidden('Requests without an API key are not answered to pages of other sites.'),
  host_not_allowed: forbidden('Requests without an API key are not answered under this host name.'),
  request_not_found: wrongAt(404, 'There is no record of this request.'),
  answer_not_found: wrongAt(404, 'There is no such answer that can be attached to.'),
  idempotency_key_reused: wrongAt(422, 'This `Idempotency-Key` belongs to another request.'),
  response_not_found: wrongAt(404, 'There is no such response.'),
  previous_response_not_found: invalid('The response that this one continues does not exist.'),
  conversation_not_found: wrongAt(404, 'There is no such conversation.'),
  key_not_found: wrongAt(404, 'There is no client key with this id.'),
  team_not_found: wrongAt(404, 'There is no team with this id.'),
  key_read_only: wrongAt(409, 'This comes from the configuration. Change it there.'),
  key_conflict: wrongAt(409, 'The present state of the key or team does not allow this.'),
  unknown_url: wrongAt(404, 'There is nothing at this URL.'),
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    retryable: false,
    message: 'This URL does not support that method.',
  },
  websocket_not_supported: {
    status: 426,
    type: 'invalid_request_error',
    retryable: false,
    message:
      'This URL does not speak WebSocket. Send the request by HTTP; with "stream": true its answer comes as events.',
  },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    retryable: true,
    message: 'The request body did not arrive in time.',
  },
  request_too_large: {
    status: 413,
    type: 'invalid_request_error',
    retryable: false,
    message: 'The request body is too large.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    retryable: false,
    message: 'The request body must be JSON, plain or compressed with gzip, deflate, br or zstd.',
  },

  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'The rate limit of this API key is reached.',
  },
  concurrency_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'This API key has reached its limit of concurrent requests.',
  },
  insufficient_quota: {
    status: 429,
    type: 'insufficient_quota',
    retryable: false,
    message: 'A budget of this API key or of its team is used up.',
  },
  upstream_rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'Every credential for this model is in cooldown after a rate limit of the provider.',
  },

  answer_lost: overloaded(
    'The replica that served this answer has died before its first event. Send the request again.',
  ),
  server_overloaded: overloaded('The gateway is at its limit and its waiting room is full.'),
  queue_timeout: overloaded('The request waited too long in the queue.'),
  redis_unavailable: overloaded('The gateway cannot reach its queue just now.'),
  records_unavailable: overloaded('The gateway cannot reach its database of records just now.'),
  issuer_unavailable: overloaded('The issuer of this token cannot be asked for its keys just now.'),
  draining: overloaded('This replica is shutting down.'),

  upstream_error: upstream('The provider failed.'),
  upstream_unavailable: upstream('No provider for this model is available just now.'),
  upstream_truncated: upstream("The provider's answer broke off before its end."),
  upstream_malformed: upstream("The provider's answer could not be understood.", false),
  upstream_authentication: upstream('The provider refused every credential configured for this model.', false),
  worker_lost: upstream('The worker that served this request was lost.'),
  relay_gap: upstream('A part of the answer was lost between worker and ingress.'),
  upstream_timeout: {
    status: 504,
    type: 'timeout_error',
    retryable: true,
    message: 'The provider did not answer in time.',
  },

  request_cancelled: {
    status: 499,
    type: 'invalid_request_error',
    retryable: false,
    message: 'The client left before its answer was complete.',
  },
  client_too_slow: {
    status: 500,
    type: 'internal_error',
    retryable: false,
    message: 'The client did not read its answer in time.',
  },
  internal_error: {
    status: 500,
    type: 'internal_error',
    retryable: true,
    message: 'The gateway failed with an internal error.',
  },
} as const satisfies Record<string, ErrorRow>;

/** A code of {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable;

/** Returns whether this text is a code of the table. */
export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(errorTable, value);
