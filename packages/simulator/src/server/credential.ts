import type { IncomingHttpHeaders } from 'node:http';

/** The key that a request carries, without `Bearer`; empty when there is none. */
export function credentialOf(headers: IncomingHttpHeaders): string {
  const { authorization, 'api-key': azureKey, 'x-api-key': anthropicKey } = headers;
  if (authorization !== undefined) return authorization.replace(/^bearer\s+/i, '').trim();
  const apiKey = azureKey ?? anthropicKey;
  return typeof apiKey === 'string' ? apiKey.trim() : '';
}
