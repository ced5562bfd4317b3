import type { IncomingHttpHeaders } from 'node:http';

/** Returns the key of a request, without `Bearer`; empty if there is none. */
export function credentialOf(headers: IncomingHttpHeaders): string {
  const { authorization } = headers;
  if (authorization !== undefined) return authorization.replace(/^bearer\s+/i, '').trim();
  // The headers of Azure, Anthropic and Google.
  const apiKey = headers['api-key'] ?? headers['x-api-key'] ?? headers['x-goog-api-key'];
  return typeof apiKey === 'string' ? apiKey.trim() : '';
}
