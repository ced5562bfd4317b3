import type { IncomingHttpHeaders } from 'node:http';

/** The key that a request carries, without `Bearer`; empty when there is none. */
export function credentialOf(headers: IncomingHttpHeaders): string {
  const { authorization, 'api-key': apiKey = headers['x-goog-api-key'] } = headers;
  if (authorization !== undefined) return authorization.replace(/^bearer\s+/i, '').trim();
  return typeof apiKey === 'string' ? apiKey.trim() : '';
}
