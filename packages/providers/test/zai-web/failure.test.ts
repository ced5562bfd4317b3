import { providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers['zai-web'].create({ signing_variant: 'none' });
const captcha = { code: 'FRONTEND_CAPTCHA_REQUIRED', captcha_error_type: 'missing_param', detail: 'Please refresh' };
const official = /captcha.*official API.*zai/;

describe('an error inside an answer', () => {
  it.each<[string, object, object]>([
    ['at the top', { error: { code: 429, detail: 'slow' } }, { kind: 'rate_limit', code: undefined, message: 'slow' }],
    [
      'in data',
      { data: { error: { detail: 'client check failed', code: 426 }, done: true } },
      { kind: 'unexpected', code: 'web_version_too_old', message: expect.stringContaining('too old') },
    ],
    [
      'in data of data',
      { data: { data: { done: true, error: captcha }, done: true } },
      { kind: 'unexpected', message: expect.stringMatching(official) },
    ],
    [
      'in both',
      { data: { data: { error: captcha }, error: captcha } },
      { kind: 'unexpected', code: 'captcha_required' },
    ],
    [
      'in inner',
      { data: { inner: { error: { code: 'X', message: 'boom' } } } },
      { kind: 'server', code: 'X', message: 'boom' },
    ],
    [
      'with content',
      { data: { content: '', error: { code: 'MODEL_CONCURRENCY_LIMIT', content: 'busy' } } },
      { kind: 'rate_limit', message: 'busy' },
    ],
    [
      'of a failed captcha',
      { data: { error: { captcha_error_type: 'verify_failed', verify_code: 'F018' } } },
      { kind: 'unexpected', message: expect.stringMatching(official) },
    ],
    ['with 并发', { data: { error: { detail: '并发超限' } } }, { kind: 'rate_limit' }],
    ['that is a text', { data: { error: 'Signature validation failed' } }, { kind: 'server' }],
    ['of an unknown token', { data: { error: { code: '401', detail: 'no' } } }, { kind: 'authentication' }],
  ])('%s is found', (_where, event, failure) => {
    const stream = adapter.translateStream({}, plan());
    expect(stream.push({ data: JSON.stringify({ type: 'chat:completion', ...event }) })).toBe('');
    expect(stream.state).toMatchObject({ kind: 'failed', failure });
    expect(adapter.translateWhole(JSON.stringify(event), {}, plan())).toMatchObject({ kind: 'failed', failure });
  });

  it('is malformed if there is no error', () => {
    expect(adapter.translateWhole('<html>', {}, plan())).toMatchObject({
      kind: 'failed',
      failure: { kind: 'malformed' },
    });
    expect(adapter.translateWhole('{"detail":"captcha?"}', {}, plan())).toMatchObject({
      failure: { message: 'captcha?' },
    });
  });
});

describe('an error answer', () => {
  const failureOf = (status: number, body: string) => adapter.toFailure({ status, headers: {}, receivedAt: 0 }, body);

  it.each<[number, string, string]>([
    [400, '{"detail":"403: Signature validation failed: x"}', 'server'],
    [403, '{"detail":"Signature expired"}', 'server'],
    [400, '{"detail":"bad"}', 'invalid_request'],
    [400, '{"detail":"Model not found"}', 'not_found'],
    [401, '{"detail":"401 Unauthorized"}', 'authentication'],
    [401, '{"detail":"bad signature of the token"}', 'authentication'],
    [403, '{"detail":"no"}', 'permission'],
    [405, '<html>blocked</html>', 'unexpected'],
    [426, '{"error":{"code":426}}', 'unexpected'],
    [400, `{"error":{"code":"FRONTEND_CAPTCHA_REQUIRED"}}`, 'unexpected'],
    [400, `{"detail":{"code":"FRONTEND_CAPTCHA_REQUIRED"}}`, 'unexpected'],
    [429, '', 'rate_limit'],
    [400, '{"message":"concurrency limit"}', 'rate_limit'],
    [408, '', 'server'],
    [503, 'oops', 'server'],
  ])('of status %i, %s is %s', verifies('000-30', '000-36'), (status, body, kind) => {
    expect(failureOf(status, body)).toMatchObject({ kind, status });
  });

  it.each(['系统繁忙', 'System Busy', 'rate limit', 'too many requests', 'temporarily unavailable'])(
    'of status 400 with %s means that the provider is busy',
    verifies('000-32'),
    (text) => {
      expect(failureOf(400, JSON.stringify({ detail: `sorry: ${text}` }))).toMatchObject({ kind: 'busy' });
    },
  );
});
