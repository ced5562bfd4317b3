import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const adapter = providers.openai.create({});

const envelope = (fields: object): string => JSON.stringify({ error: { message: 'said so', ...fields } });
const failure = (status: number, body: string, headers: Record<string, string> = {}) =>
  adapter.toFailure({ status, headers, receivedAt: 0 }, body);

describe('an OpenAI error', () => {
  it.each([
    [401, envelope({ code: 'invalid_api_key' }), 'authentication'],
    [403, envelope({}), 'permission'],
    [404, envelope({ code: 'model_not_found' }), 'not_found'],
    [408, '', 'server'],
    [429, envelope({ code: 'rate_limit_exceeded' }), 'rate_limit'],
    [429, envelope({ code: 'insufficient_quota', type: 'insufficient_quota' }), 'quota'],
    [500, 'oops', 'server'],
    [502, '<html>', 'server'],
    [503, envelope({}), 'server'],
    [504, '', 'server'],
    [529, envelope({ type: 'overloaded_error' }), 'server'],
    [400, envelope({ code: 'context_length_exceeded', param: 'messages' }), 'context_length'],
    [400, envelope({ message: "This model's maximum context length is 8192 tokens." }), 'context_length'],
    [400, envelope({ code: 'content_policy_violation' }), 'content_policy'],
    [400, envelope({ param: 'temperature' }), 'invalid_request'],
    [413, '', 'context_length'],
    [422, '{"detail":"no"}', 'invalid_request'],
    [409, envelope({}), 'busy'],
    [301, '', 'unexpected'],
    [501, '', 'unexpected'],
    [505, '', 'unexpected'],
  ])('with status %i and %s is %s', (status, body, kind) => {
    expect(failure(status, body)).toMatchObject({ kind, status });
  });

  it.each([
    '系统繁忙',
    'System busy',
    'The server is busy',
    'Model is currently overloaded',
    'rate limit',
    'Too many requests',
    'temporarily unavailable',
  ])('with status 400 and the text "%s" is busy (row 000-32)', (text) => {
    expect(failure(400, envelope({ message: `Error: ${text}, sorry` })).kind).toBe('busy');
  });

  it.each([{ message: "Invalid value: 'rate limit'" }, { message: 'Not a user: rate limit', param: 'user' }])(
    'with status 400 that repeats such words of the request is not busy: %j',
    (error) => {
      expect(failure(400, envelope(error)).kind).toBe('invalid_request');
    },
  );

  it('keeps message, code and field', () => {
    expect(failure(400, envelope({ code: 'unsupported_value', param: 'n' }))).toMatchObject({
      message: 'said so',
      code: 'unsupported_value',
      param: 'n',
    });
  });

  it('limits the length of a message', () => {
    expect(failure(500, envelope({ message: 'x'.repeat(10_000) })).message).toHaveLength(1000);
  });

  it.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:07 GMT' }, 7000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{}, undefined],
  ])('with %j has a wait of %s ms', (headers, ms) => {
    expect(failure(429, '', headers as Record<string, string>).retryAfterMs).toBe(ms);
  });
});
