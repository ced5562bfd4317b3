import type { Failure, FailureContext, FailureReason } from '../server/provider.ts';

type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error'
  | 'overloaded_error';

const busyPhrases = ['系统繁忙', 'system busy', 'rate limit', 'too many requests', 'temporarily unavailable'];

const errorBody = (type: ErrorType, message: string): string =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_simulator' });

/** Error body inside a stream, or with status 200, for a late failure. */
export const overloadedBody = errorBody('overloaded_error', 'Overloaded');

const failure = (status: number, type: ErrorType, message: string): Failure => ({
  kind: 'failure',
  status,
  body: errorBody(type, message),
});

/** Failure for an unreadable request, or one for something that does not exist. */
export const invalidRequest = (message: string): Failure => failure(400, 'invalid_request_error', message);

/** Returns the error that Anthropic would give. */
export function failureOf(reason: FailureReason, context: FailureContext): Failure {
  switch (reason.name) {
    case 'e':
      return ofStatus(reason.value, context);
    case 'busy':
      return invalidRequest(`Bad request: ${busyPhrases[reason.value]}`);
    case 'ctxlen':
      return invalidRequest('prompt is too long: 200001 tokens > 200000 maximum');
    case 'policy':
      return invalidRequest('Output blocked by content filtering policy');
    case 'quota':
      return invalidRequest(
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      );
    case 'noCredential':
      return failure(401, 'authentication_error', 'x-api-key header is required');
    case 'unknownPath':
      return failure(404, 'not_found_error', 'Not Found');
    case 'bodyTooLarge':
      return failure(413, 'request_too_large', 'Request exceeds the maximum size');
    case 'unknownDirective':
      return invalidRequest(`"${reason.word}" in x-sim-directives is not a directive of the simulator.`);
  }
}

function ofStatus(status: number, { model }: FailureContext): Failure {
  switch (status) {
    case 401:
      return failure(status, 'authentication_error', 'invalid x-api-key');
    case 402:
      return failure(status, 'billing_error', 'There is an issue with your billing.');
    case 403:
      return failure(
        status,
        'permission_error',
        'Your API key does not have permission to use the specified resource.',
      );
    case 404:
      return failure(status, 'not_found_error', `model: ${model}`);
    case 413:
      return failure(status, 'request_too_large', 'Request exceeds the maximum size');
    case 429:
      return failure(status, 'rate_limit_error', "This request would exceed your organization's rate limit.");
    case 504:
      return failure(status, 'timeout_error', 'The request timed out while processing.');
    case 503:
    case 529:
      return failure(status, 'overloaded_error', 'Overloaded');
    default:
      return status >= 500
        ? failure(status, 'api_error', 'Internal server error')
        : failure(status, 'invalid_request_error', `The request was refused with status ${status}.`);
  }
}
