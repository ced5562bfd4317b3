import { type ErrorCode, GatewayError } from '@sluice/protocol';
import { toMessagesError } from '@sluice/surfaces';
import { describe, expect, it } from 'vitest';

describe("an error in Anthropic's envelope", () => {
  it.each<[ErrorCode, number, string]>([
    ['invalid_value', 400, 'invalid_request_error'],
    ['invalid_api_key', 401, 'authentication_error'],
    ['model_not_allowed', 403, 'permission_error'],
    ['model_not_found', 404, 'not_found_error'],
    ['method_not_allowed', 405, 'invalid_request_error'],
    ['request_timeout', 408, 'timeout_error'],
    ['request_too_large', 413, 'request_too_large'],
    ['rate_limit_exceeded', 429, 'rate_limit_error'],
    ['insufficient_quota', 429, 'billing_error'],
    ['internal_error', 500, 'api_error'],
    ['upstream_error', 502, 'api_error'],
    ['server_overloaded', 529, 'overloaded_error'],
    ['upstream_timeout', 504, 'timeout_error'],
  ])('%s has the status %i and the type %s', (code, status, type) => {
    const error = new GatewayError(code, { message: 'm' });
    expect(toMessagesError(error, 'req-1')).toEqual({
      status,
      headers: { 'request-id': 'req-1' },
      body: { type: 'error', error: { type, message: 'm' }, request_id: 'req-1' },
    });
  });

  it('names the field at fault', () => {
    const error = new GatewayError('invalid_value', { message: "Invalid value: 'x'.", param: 'messages[0].role' });
    expect(toMessagesError(error, 'req-1').body).toMatchObject({
      error: { message: "messages[0].role: Invalid value: 'x'." },
    });
  });

  it('is that of Anthropic itself, word for word', () => {
    const body = { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long' } };
    const upstreamAnswer = { status: 400, body: JSON.stringify(body) };
    const error = new GatewayError('context_length_exceeded', { upstreamAnswer });
    expect(toMessagesError(error, 'req-1')).toMatchObject({ status: 400, body });
  });
});
