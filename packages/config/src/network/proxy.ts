import type { Secret } from '../secret.ts';
import { createSecret } from '../secret.ts';

/** A proxy for calls. */
export interface Proxy {
  /** Scheme, host and port only: `http://proxy.example:3128`. */
  readonly url: string;
  /** Value of `proxy-authorization`; undefined for a proxy without user and password. */
  readonly authorization: Secret | undefined;
}

/** Returns a proxy; undefined if the text is not the URL of an http or https proxy. */
export function parseProxy(text: string): Proxy | undefined {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return undefined;
  try {
    return { url: url.origin, authorization: authorizationOf(url) };
  } catch {
    return undefined;
  }
}

/** @throws URIError if user or password is not properly percent-encoded */
function authorizationOf({ username, password }: URL): Secret | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return createSecret(`Basic ${Buffer.from(pair, 'utf8').toString('base64')}`);
}
