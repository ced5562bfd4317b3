import { createHmac } from 'node:crypto';

/** Validity of a signed key, in ms. */
const lifeMs = 5 * 60_000;

/**
 * Creates the short-lived token of a key of the form `id.secret`, so that the secret itself is never sent: a JWT with
 * times in milliseconds. Keys of another form are sent unchanged.
 *
 * Source: https://github.com/zai-org/z-ai-sdk-python
 */
export function signKey(key: string, nowMs: number): string {
  const [id, secret, ...rest] = key.split('.');
  if (id === undefined || id === '' || secret === undefined || secret === '' || rest.length > 0) return key;
  const header = toBase64Url({ alg: 'HS256', sign_type: 'SIGN' });
  const payload = toBase64Url({ api_key: id, exp: nowMs + lifeMs, timestamp: nowMs });
  const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
  return `${header}.${payload}.${signature}`;
}

const toBase64Url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
