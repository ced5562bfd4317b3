import { ConfigError } from '../config-error.ts';
import { type Environment, readEnvironment } from '../environment.ts';
import type { EnvironmentProxies } from '../network/choose-proxy.ts';
import { parseProxy, type Proxy } from '../network/proxy.ts';
import { noProxy } from '../schema/proxy.ts';

/** The proxies of the environment; a variable for one scheme wins over `ALL_PROXY`. */
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
 * The proxies of an environment, for programs that read no configuration.
 *
 * @throws ConfigError that names each variable that is not as it must be
 */
export function readProxies(env: Readonly<Record<string, string | undefined>>): EnvironmentProxies {
  const { environment, problems } = readEnvironment(Object.fromEntries(names.map((name) => [name, env[name]])));
  if (problems.length > 0) throw new ConfigError(problems, 'environment');
  return resolveProxies(environment);
}

const proxyAt = (url: string | undefined): Proxy | undefined =>
  url === undefined || url === noProxy ? undefined : parseProxy(url);

/** Says of a proxy that was named that calls do not go through it. */
export function warnOfProxies({
  HTTP_PROXY,
  HTTPS_PROXY,
  ALL_PROXY,
}: Pick<Environment, 'HTTP_PROXY' | 'HTTPS_PROXY' | 'ALL_PROXY'>): string[] {
  if (ALL_PROXY?.kind !== 'unusable' || (HTTP_PROXY !== undefined && HTTPS_PROXY !== undefined)) return [];
  return [
    'ALL_PROXY is not used: it must be an http or https URL of a proxy (SOCKS is not supported); name one in HTTPS_PROXY, or calls to providers go without',
  ];
}
