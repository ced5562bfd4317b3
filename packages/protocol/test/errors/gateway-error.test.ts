import { errorTable, fromWireError, GatewayError, toEnvelope, toWireError } from '@sluice/protocol';
import { wireErrorSchema } from '../../src/errors/gateway-error.ts';
import { describe, expect, it } from 'vitest';

describe('the error table', () => {
  it.each(Object.entries(errorTable))('%s has a status that fits its type', (_code, { status, type, message }) => {
    const statuses: Record<typeof type, readonly number[]> = {
      invalid_request_error: [400, 404, 405, 408, 409, 413, 415, 499, 422, 426],
      authentication_error: [401],
      permission_error: [403],
      rate_limit_error: [429],
      insufficient_quota: [429],
      overloaded_error: [503],
      upstream_error: [502],
      timeout_error: [504],
      internal_error: [500],
    };
    expect(statuses[type]).toContain(status);
    expect(message).toMatch(/\.$/);
  });
});

describe('GatewayError', () => {
  it('always shows all four fields', () => {
    expect(toEnvelope(new GatewayError('unknown_url'))).toEqual({
      error: {
        message: 'There is nothing at this URL.',
        type: 'invalid_request_error',
        param: null,
        code: 'unknown_url',
      },
    });
  });

  it("shows the upstream's code instead of its own", () => {
    const error = new GatewayError('upstream_error', { upstreamCode: 'server_error', message: 'boom' });
    expect(toEnvelope(error).error).toEqual({
      message: 'boom',
      type: 'upstream_error',
      param: null,
      code: 'server_error',
    });
    expect(error.status).toBe(502);
  });

  it('survives the way through Redis unchanged', () => {
    const error = new GatewayError('upstream_rate_limited', { retryAfterMs: 1500, param: 'model', upstreamCode: 'x' });
    const read = fromWireError(JSON.parse(JSON.stringify(toWireError(error))));
    expect(read).toBeInstanceOf(GatewayError);
    expect(toWireError(read)).toEqual(toWireError(error));
  });

  it('keeps across Redis that it must not be retried', () => {
    const error = new GatewayError('upstream_error', { retryable: false });
    expect(fromWireError(toWireError(error)).retryable).toBe(false);
    expect(toWireError(new GatewayError('upstream_error'))).not.toHaveProperty('retryable');
  });

  it.each([
    ['upstream_error', false],
    ['upstream_error', true],
    ['upstream_malformed', true],
    ['upstream_malformed', false],
  ] as const)('crosses Redis with its retryable flag: %s, %s', (code, retryable) => {
    const wire: unknown = JSON.parse(JSON.stringify(toWireError(new GatewayError(code, { retryable }))));
    expect(fromWireError(wireErrorSchema.parse(wire)).retryable).toBe(retryable);
  });

  it('takes the retryable flag from its code if an older replica sends none', () => {
    expect(fromWireError(wireErrorSchema.parse({ code: 'upstream_error', message: 'x' })).retryable).toBe(true);
  });
});
