import type { Config, UpstreamConfig } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import { type ConfigSource, loadConfig } from './load-config.ts';
import type { EnvironmentProxies } from './network/choose-proxy.ts';

/** The settings of a process that does not call providers; it has no secrets of upstreams. */
export interface IngressConfig extends Omit<Config, 'upstreams'> {
  readonly upstreams: readonly UpstreamPlace[];
  /** The proxies through which issuers of tokens are called; none without an issuer, because they may have passwords. */
  readonly proxies: EnvironmentProxies;
}

/** The public part of an upstream. */
export type UpstreamPlace = Pick<UpstreamConfig, 'id' | 'type' | 'baseUrl'>;

/**
 * Does the same as {@link loadConfig}, and then drops the settings that only calls to providers need. Every process thus
 * refuses the same files with the same messages.
 *
 * @throws ConfigError
 */
export function loadIngressConfig(source: ConfigSource): IngressConfig {
  const { upstreams, proxies, ...rest } = loadConfig(source);
  const places = upstreams.map(({ id, type, baseUrl }) => ({ id, type, baseUrl }));
  return deepFreeze<IngressConfig>({
    ...rest,
    upstreams: places,
    proxies: rest.auth.oidc.length > 0 ? proxies : { http: undefined, https: undefined, exempt: '' },
  });
}
