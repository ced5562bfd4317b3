import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const adapter = providers.anthropic.create({});

const body = (type: string, message = 'said so', more: object = {}): string =>
  JSON.stringify({ type: 'error', error: { type, message, ...more }, request_id: 'req_1' });
const failure = (status: number, text: string, headers: Record<string, string> = {}) =>
  adapter.toFailure({ status, headers, receivedAt: 0 }, text);

const invalid = (message: string): string => body('invalid_request_error', message);
const tooLong = 'prompt is too long: 211000 tokens > 200000 maximum';
const tooMuch = 'input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000, decrease input length';
const broke = 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.';
const capped = 'You have reached your specified API usage limits. You will regain access on 2027-01-01.';

describe("Anthropic's error", () => {
  it.each([
    [400, invalid('temperature: range: 0..1'), 'invalid_request'],
    [400, invalid(tooLong), 'context_length'],
    [400, invalid(tooMuch), 'context_length'],
    [400, invalid(broke), 'quota'],
    [400, invalid(capped), 'quota'],
    [400, invalid('Output blocked by content filtering policy'), 'content_policy'],
    [400, invalid('system busy'), 'busy'],
    [401, body('authentication_error', 'invalid x-api-key'), 'authentication'],
    [402, body('billing_error'), 'quota'],
    [403, body('permission_error'), 'permission'],
    [404, body('not_found_error', 'model: claude-none'), 'not_found'],
    [409, body('conflict_error'), 'busy'],
    [413, body('request_too_large', 'Request exceeds the maximum size'), 'context_length'],
    [413, '<html>413 Request Entity Too Large</html>', 'context_length'],
    [429, body('rate_limit_error'), 'rate_limit'],
    [429, body('rate_limit_error', 'x', { details: { error_code: 'enforced_spend_limit_reached' } }), 'quota'],
    [429, body('rate_limit_error', 'x', { details: { error_code: 'ramp_limit_exceeded' } }), 'rate_limit'],
    [500, body('api_error'), 'server'],
    [503, 'no healthy upstream', 'server'],
    [504, body('timeout_error'), 'server'],
    [529, body('overloaded_error', 'Overloaded'), 'server'],
    [529, '', 'server'],
    [301, '', 'unexpected'],
  ])('with status %i and %s is %s', (status, text, kind) => {
    expect(failure(status, text)).toMatchObject({ kind, status });
  });

  it('keeps its message and code if Anthropic gives them', () => {
    expect(failure(400, invalid(tooLong))).toEqual({
      kind: 'context_length',
      message: tooLong,
      code: undefined,
      status: 400,
      retryAfterMs: undefined,
    });
    const { code } = failure(429, body('rate_limit_error', 'x', { details: { error_code: 'ramp_limit_exceeded' } }));
    expect(code).toBe('ramp_limit_exceeded');
    expect(failure(500, '').message).toBe('The provider answered with status 500.');
    expect(failure(400, invalid('x'.repeat(10_000))).message).toHaveLength(1000);
  });

  it.each([429, 529])('has the wait that the provider asks for (%i)', (status) => {
    expect(failure(status, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000);
  });
});
