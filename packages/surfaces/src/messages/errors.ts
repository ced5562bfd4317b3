import { errorTable, type GatewayError } from '@sluice/protocol';

/** Types of Anthropic's errors: https://docs.claude.com/en/api/errors */
type MessagesErrorType =
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

/** An error as `POST /v1/messages` answers it. */
export interface MessagesError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Status of `overloaded_error`, which Anthropic's clients treat in a way of its own. */
const overloadedStatus = 529;

/**
 * Returns an error in Anthropic's envelope. A refusal of Anthropic itself is passed on word for word, because clients read
 * its text.
 */
export function toMessagesError(error: GatewayError, requestId: string): MessagesError {
  const headers = { 'request-id': requestId };
  const own = error.upstreamAnswer;
  if (own !== undefined) return { status: own.status, headers, body: JSON.parse(own.body) as object };
  const type = typeOf(error);
  return {
    status: type === 'overloaded_error' ? overloadedStatus : error.status,
    headers,
    body: { type: 'error', error: { type, message: messageOf(error) }, request_id: requestId },
  };
}

/** The envelope has no member for the field at fault, so the message names it. */
const messageOf = ({ message, param }: GatewayError): string =>
  param === undefined || message.includes(param) ? message : `${param}: ${message}`;

function typeOf({ code, status }: GatewayError): MessagesErrorType {
  const { type } = errorTable[code];
  switch (type) {
    case 'insufficient_quota':
      return 'billing_error';
    case 'upstream_error':
    case 'internal_error':
      return 'api_error';
    case 'invalid_request_error':
      return ofStatus(status);
    default:
      return type;
  }
}

function ofStatus(status: number): MessagesErrorType {
  if (status === 404) return 'not_found_error';
  if (status === 413) return 'request_too_large';
  return status === 408 ? 'timeout_error' : 'invalid_request_error';
}
