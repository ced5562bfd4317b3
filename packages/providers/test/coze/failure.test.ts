import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.coze.create({});
const failureOf = (status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): unknown =>
  adapter.toFailure({ status, headers, receivedAt: 0 }, typeof body === 'string' ? body : JSON.stringify(body));

describe('an error answer of Coze', () => {
  it.each([
    [400, 4000, 'invalid_request'],
    [429, 4013, 'rate_limit'],
    [400, 4013, 'rate_limit'],
    [400, 4016, 'busy'],
    [401, 4100, 'authentication'],
    [403, 4101, 'permission'],
    [500, 5000, 'server'],
    [400, 400, 'invalid_request'],
    [403, 103_000_001, 'permission'],
    // Unknown codes: the status decides.
    [418, 999, 'unexpected'],
    [429, 999, 'rate_limit'],
    [502, 999, 'server'],
  ])('with status %i and code %i is %s', (status, code, kind) => {
    expect(failureOf(status, { code, msg: 'why' })).toMatchObject({ kind, status, code: String(code), message: 'why' });
  });

  it("of a missing bot has no code, so that the gateway's own is used", () => {
    expect(failureOf(404, { code: 4200, msg: 'why' })).toMatchObject({ kind: 'not_found', code: undefined });
  });

  it('contains the log id of the provider', () => {
    expect(failureOf(400, { code: 4000, msg: 'why', detail: { logid: 'A1' } })).toMatchObject({
      message: 'why (log A1)',
    });
    expect(failureOf(400, { code: '4000', msg: 'why' }, { 'x-tt-logid': 'B2' })).toMatchObject({
      message: 'why (log B2)',
      code: '4000',
    });
  });

  it('may be something other than JSON, and contain a wait', () => {
    expect(failureOf(503, '<html>', { 'retry-after': '2' })).toEqual({
      kind: 'server',
      status: 503,
      code: undefined,
      message: 'The provider answered with status 503.',
      retryAfterMs: 2000,
    });
  });

  it.each([
    [4013, 'rate_limit'],
    [4016, 'busy'],
    [4100, 'authentication'],
    [700_012_006, 'authentication'],
    [103_100_001, 'server'],
    [400, 'invalid_request'],
    [502, 'server'],
    [4028, 'unexpected'],
    [702_242_001, 'unexpected'],
  ])('with status 200 and code %i is %s', (code, kind) => {
    const whole = adapter.translateWhole(JSON.stringify({ code, msg: 'why' }), {}, plan());
    expect(whole).toMatchObject({ kind: 'failed', failure: { kind, code: String(code), message: 'why' } });
  });
});
