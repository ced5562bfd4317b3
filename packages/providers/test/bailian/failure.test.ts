import type { FailureKind } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';

const head = (status: number, headers = {}) => ({ status, headers, receivedAt: 0 });
const error = (code: string, message = 'text') => JSON.stringify({ code, message, request_id: '1' });

describe('an error of an application', () => {
  const { toFailure } = providers.bailian.create({});

  it.each<[number, string, FailureKind]>([
    [400, 'InvalidParameter', 'invalid_request'],
    [400, 'BadRequest.EmptyInput', 'invalid_request'],
    [400, 'FlowNotPublished', 'invalid_request'],
    [400, 'DataInspectionFailed', 'content_policy'],
    [400, 'data_inspection_failed', 'content_policy'],
    [400, 'Arrearage', 'quota'],
    [401, 'InvalidApiKey', 'authentication'],
    [403, 'AccessDenied', 'permission'],
    [400, 'App.AccessDenied', 'permission'],
    [404, 'Anything', 'not_found'],
    [429, 'Throttling', 'rate_limit'],
    [429, 'Throttling.RateQuota', 'rate_limit'],
    [429, 'Throttling.AllocationQuota', 'quota'],
    [500, 'InternalError', 'server'],
    [503, 'InternalError.Timeout', 'server'],
  ])('%i %s is of kind %s', verifies('002-08'), (status, code, kind) => {
    expect(toFailure(head(status), error(code))).toMatchObject({ kind, status, code, message: 'text' });
  });

  it('reports that a prompt is too long', () => {
    const body = error('InternalError.Algo.InvalidParameter', 'Range of input length should be [1, 30720]');
    expect(toFailure(head(400), body)).toMatchObject({ kind: 'context_length' });
  });

  it('is read even if it is framed as an event', () => {
    const body = `id:1\nevent:error\n:HTTP_STATUS/400\ndata:${error('DataInspectionFailed')}\n\n`;
    expect(toFailure(head(400), body)).toMatchObject({ kind: 'content_policy', message: 'text' });
  });

  it('may name its message msg, lack a code, and not be JSON', () => {
    expect(toFailure(head(500), '{"msg":"broken"}')).toMatchObject({ kind: 'server', message: 'broken' });
    expect(toFailure(head(502), '<html>')).toMatchObject({
      kind: 'server',
      message: 'The provider answered with status 502.',
      code: undefined,
    });
  });

  it('may contain a wait', () => {
    expect(toFailure(head(429, { 'retry-after': '3' }), error('Throttling'))).toMatchObject({ retryAfterMs: 3000 });
  });
});

describe('an error of a plain model', () => {
  const { toFailure } = providers.bailian.create({ mode: 'compatible' });

  it.each<[number, string, FailureKind]>([
    [400, 'Arrearage', 'quota'],
    [400, 'data_inspection_failed', 'content_policy'],
    [401, 'invalid_api_key', 'authentication'],
    [404, 'model_not_found', 'not_found'],
  ])('%i %s is of kind %s', (status, code, kind) => {
    expect(toFailure(head(status), JSON.stringify({ error: { code, message: 'text' } }))).toMatchObject({ kind, code });
  });
});
