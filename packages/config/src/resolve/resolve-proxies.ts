import { ConfigError } from '../config-error.ts';
import { type Environment, readEnvironment } from '../environment.ts';
import type { EnvironmentProxies } from '../network/choose-proxy.ts';
import { parseProxy, type Proxy } from '../network/proxy.ts';
import { noProxy } from '../schema/proxy.ts';

/** Returns the proxies of the environment; a variable for one scheme wins over `ALL_PROXY`. */
export function resolveProxies({
  HTTP_PROXY,
  HTTPS_PROXY,
  ALL_PROXY,
  NO_PROXY = '',
}: Pick<Environment, 'HTTP_PROXY' | 'HTTPS_PROXY' | 'ALL_PROXY' | 'NO_PROXY'>): EnvironmentProxies {
  const forAll = ALL_PROXY?.kind === 'proxy' ? ALL_PROXY.url : undefined;
  return { http: proxyAt(HTTP_PROXY ?? forAll), https: proxyAt(HTTPS_PROXY ?? forAll), exempt: NO_PROXY };
}

const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

/**
 * Returns the proxies of an environment, for programs that read no configuration.
 *
 * @throws ConfigError that names each invalid variable
 */
export function readProxies(env: Readonly<Record<string, string | undefined>>): EnvironmentProxies {
  const { environment, problems } = readEnvironment(Object.fromEntries(names.map((name) => [name, env[name]])));
  if (problems.length > 0) throw new ConfigError(problems, 'environment');
  return resolveProxies(environment);
}

const proxyAt = (url: string | undefined): Proxy | undefined =>
  url === undefined || url === noProxy ? undefined : parseProxy(url);

/** Returns a warning about a proxy that is set but can't be used. */
export function warnOfProxies({
  HTTP_PROXY,
  HTTPS_PROXY,
  ALL_PROXY,
}: Pick<Environment, 'HTTP_PROXY' | 'HTTPS_PROXY' | 'ALL_PROXY'>): string[] {
  if (ALL_PROXY?.kind !== 'unusable' || (HTTP_PROXY !== undefined && HTTPS_PROXY !== undefined)) return [];
  return [
    'ALL_PROXY is not used: it must be an http or https URL of a proxy (SOCKS is not supported); set one in HTTPS_PROXY, otherwise calls to providers use no proxy',
  ];
}
