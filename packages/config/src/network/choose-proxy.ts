import { readNoProxy } from './no-proxy.ts';
import type { Proxy } from './proxy.ts';

/** The proxies that the environment names. */
export interface EnvironmentProxies {
  /** For calls to `http://` and to `https://`. */
  readonly http: Proxy | undefined;
  readonly https: Proxy | undefined;
  /** The text of `NO_PROXY`. */
  readonly exempt: string;
}

/** Returns the proxy for a URL; undefined = a direct connection. */
export type ChooseProxy = (url: URL) => Proxy | undefined;

/**
 * Chooses proxies as curl does, with one difference: calls to loopback addresses never use a proxy of the environment,
 * which could not reach them.
 */
export function createChooseProxy({ http, https, exempt }: EnvironmentProxies): ChooseProxy {
  if (http === undefined && https === undefined) return () => undefined;
  const isExempt = readNoProxy(exempt);
  return (url) => {
    const isTls = url.protocol === 'https:';
    const proxy = isTls ? https : http;
    if (proxy === undefined) return undefined;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
    return isLoopback(host, port) || isExempt(host, port) ? undefined : proxy;
  };
}

const isLoopback = readNoProxy('localhost, 127.0.0.0/8, ::1');
