import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { takeGoogleKey } from '../../src/gemini/take-key.ts';

function take(url: string, headers: Record<string, string> = {}) {
  const request = { url, baseUrl: '/v1beta', originalUrl: `/v1beta${url}`, headers } as unknown as Request;
  takeGoogleKey(request, undefined as never, () => undefined);
  return { url: request.url, originalUrl: request.originalUrl, key: request.headers['x-api-key'] };
}

describe('the key of a client of Google', () => {
  it.each([
    ['/models?key=sk-secret', '/models'],
    ['/models?alt=sse&key=sk-secret', '/models?alt=sse'],
    ['/models?a=b?c&key=sk-secret', '/models?a=b%3Fc'],
    ['/models?%6Bey=sk-secret', '/models'],
  ])('leaves no trace in %s', (url, rest) => {
    expect(take(url)).toEqual({ url: rest, originalUrl: `/v1beta${rest}`, key: 'sk-secret' });
  });

  it('does not replace another key', () => {
    expect(take('/models?key=sk-secret', { 'x-api-key': 'sk-own' }).key).toBe('sk-own');
  });
});
