import type { Config, UpstreamConfig } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import { type ConfigSource, loadConfig } from './load-config.ts';

/** The settings of a process that calls no provider: of upstreams and of proxies it holds no secret. */
export interface IngressConfig extends Omit<Config, 'upstreams' | 'proxies'> {
  readonly upstreams: readonly UpstreamPlace[];
}

/** An upstream as far as others than its callers know it. */
export type UpstreamPlace = Pick<UpstreamConfig, 'id' | 'type' | 'baseUrl'>;

/**
 * As {@link loadConfig}: all of it is read and checked, so that every process refuses the same files in the same words.
 * What calls of providers need is dropped then.
 *
 * @throws ConfigError
 */
export function loadIngressConfig(source: ConfigSource): IngressConfig {
  const { upstreams, proxies: _proxies, ...rest } = loadConfig(source);
  const places = upstreams.map(({ id, type, baseUrl }) => ({ id, type, baseUrl }));
  return deepFreeze<IngressConfig>({ ...rest, upstreams: places });
}
