import type { Secret } from '../secret.ts';
import { createSecret } from '../secret.ts';

/** A proxy through which calls leave. */
export interface Proxy {
  /** Scheme, host and port alone: `http://proxy.example:3128`. */
  readonly url: string;
  /** The value of `proxy-authorization`; undefined for a proxy that wants none. */
  readonly authorization: Secret | undefined;
}

/** Undefined when the text is no URL of an http or https proxy. */
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

/** @throws URIError when they are not properly encoded */
function authorizationOf({ username, password }: URL): Secret | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return createSecret(`Basic ${Buffer.from(pair, 'utf8').toString('base64')}`);
}
