import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const toFailure = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  providers.gemini
    .create({})
    .toFailure({ status, headers, receivedAt: 0 }, typeof body === 'string' ? body : JSON.stringify(body));

const error = (status: string, over: object = {}): object => ({ error: { message: 'said so', status, ...over } });
const details = (...list: readonly object[]): object => ({ details: list });

describe('an error of Gemini', () => {
  it.each<[number, object | string, string]>([
    [400, error('INVALID_ARGUMENT'), 'invalid_request'],
    [400, error('INVALID_ARGUMENT', details({ reason: 'API_KEY_INVALID' })), 'authentication'],
    [400, error('FAILED_PRECONDITION', { message: 'User location is not supported for the API use.' }), 'permission'],
    [
      400,
      error('INVALID_ARGUMENT', {
        message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      }),
      'context_length',
    ],
    [401, error('UNAUTHENTICATED'), 'authentication'],
    [403, error('PERMISSION_DENIED'), 'permission'],
    [403, error('PERMISSION_DENIED', details({ reason: 'BILLING_DISABLED' })), 'quota'],
    [404, error('NOT_FOUND'), 'not_found'],
    [429, error('RESOURCE_EXHAUSTED'), 'rate_limit'],
    [429, error('RESOURCE_EXHAUSTED', details({ violations: [{ quotaId: 'RequestsPerMinute' }] })), 'rate_limit'],
    [429, error('RESOURCE_EXHAUSTED', details({ violations: [{ quotaId: 'RequestsPerDay' }] })), 'quota'],
    [499, error('CANCELLED'), 'server'],
    [500, error('INTERNAL'), 'server'],
    [503, error('UNAVAILABLE'), 'server'],
    [504, error('DEADLINE_EXCEEDED'), 'server'],
    [503, [error('UNAVAILABLE')], 'server'],
    [400, [error('FAILED_PRECONDITION')], 'permission'],
    [502, '<html>', 'server'],
    [418, '', 'unexpected'],
    [400, error('constructor'), 'invalid_request'],
  ])('with status %i and %j is %s', (status, body, kind) => {
    expect(toFailure(status, body)).toMatchObject({ kind, status });
  });

  it("has its message and field, without Google's own code", () => {
    const blamed = details({ fieldViolations: [{ field: 'generation_config.seed' }] });
    const failure = toFailure(400, error('INVALID_ARGUMENT', blamed));
    expect(failure).toMatchObject({ message: 'said so', param: 'generation_config.seed' });
    expect(failure).not.toHaveProperty('code');
    expect(toFailure(502, '<html>').message).toBe('The provider answered with status 502.');
    expect(toFailure(400, error('X', { message: 'x'.repeat(5000) })).message).toHaveLength(1000);
  });

  it.each<[string, object, object, number | undefined]>([
    ['its details', details({ retryDelay: '34.4s' }), {}, 34_400],
    ['its details rather than its headers', details({ retryDelay: '2s' }), { 'retry-after': '9' }, 2000],
    ['its headers', {}, { 'retry-after': '9' }, 9000],
    ['its headers, if the details are unreadable', details({ retryDelay: 'soon' }), { 'retry-after': '9' }, 9000],
    ['nothing', {}, {}, undefined],
  ])('contains a wait from %s', (_how, over, headers, ms) => {
    expect(toFailure(429, error('RESOURCE_EXHAUSTED', over), { ...headers }).retryAfterMs).toBe(ms);
  });
});
