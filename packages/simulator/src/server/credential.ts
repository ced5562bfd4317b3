import type { IncomingHttpHeaders } from 'node:http';

/** The key that a request carries, without `Bearer`; empty when there is none. */
export function credentialOf(headers: IncomingHttpHeaders): string {
  const { authorization } = headers;
  if (authorization !== undefined) return authorization.replace(/^bearer\s+/i, '').trim();
  // Azure's, Anthropic's and Google's.
  const apiKey = headers['api-key'] ?? headers['x-api-key'] ?? headers['x-goog-api-key'];
  return typeof apiKey === 'string' ? apiKey.trim() : '';
}
