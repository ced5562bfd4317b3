import { catalogue } from '@sluice/providers/catalogue';
import { camelCased } from '../camel-case.ts';
import type { Config, SimulatorConfig, UpstreamConfig, UpstreamCredential } from '../config.ts';
import { parseProxy, type Proxy } from '../network/proxy.ts';
import { models as modelList } from '../schema/models.ts';
import type { Settings } from '../schema/settings.ts';
import { upstreams as upstreamList } from '../schema/upstreams.ts';
import { createSecret, type Secret } from '../secret.ts';
import { absolutePath, absoluteTlsFiles } from './absolute-path.ts';
import type { Paths } from './absolute-path.ts';

/** Returns upstreams and models; without an upstream, the simulator and its models. */
export function resolveRouting(
  { upstreams, models }: Pick<Settings, 'upstreams' | 'models'>,
  paths: Paths,
  simulator: SimulatorConfig,
): Pick<Config, 'upstreams' | 'models' | 'demo'> {
  if (upstreams.length === 0) return demo(paths, simulator);
  return {
    upstreams: upstreams.map((upstream) => toUpstream(upstream, paths)),
    models: camelCased(models),
    demo: false,
  };
}

function demo(paths: Paths, { host, port }: SimulatorConfig): Pick<Config, 'upstreams' | 'models' | 'demo'> {
  const upstreams = upstreamList.parse([
    {
      id: 'simulator',
      type: 'openai',
      base_url: 'http://simulator',
      credentials: [{ id: 'default', api_key: 'sim' }],
      prefill: 'assistant',
    },
  ]);
  const models = modelList.parse(['demo', 'demo-*'].map((id) => ({ id, targets: [{ upstream: 'simulator' }] })));
  // Not validated as `base_url`: the host may name an interface (`fe80::1%eth0`), which no URL may.
  const baseUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1`;
  return {
    upstreams: upstreams.map((upstream) => ({ ...toUpstream(upstream, paths), baseUrl })),
    models: camelCased(models),
    demo: true,
  };
}

type UpstreamSettings = Settings['upstreams'][number];

function toUpstream(upstream: UpstreamSettings, paths: Paths): UpstreamConfig {
  const { base_url, options, credentials, proxy, tls = {}, headers, ...plain } = upstream;
  return {
    ...camelCased(plain),
    baseUrl: (base_url ?? catalogue[plain.type].defaultBaseUrl ?? '').replace(/\/+$/, ''),
    options,
    credentials: credentials?.map((credential) => toCredential(credential, paths)) ?? [
      { id: 'default', apiKey: undefined, tokens: undefined },
    ],
    proxy: proxyOf(proxy),
    tls: absoluteTlsFiles(tls, paths),
    headers: toSecretHeaders(headers),
  };
}

const proxyOf = (proxy: UpstreamSettings['proxy']): Proxy | 'none' | undefined =>
  proxy === undefined || proxy === 'none' ? proxy : parseProxy(proxy);

function toSecretHeaders(headers: UpstreamSettings['headers']): Readonly<Record<string, Secret>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), createSecret(value)]));
}

function toCredential(
  { id, api_key, oauth_file }: NonNullable<UpstreamSettings['credentials']>[number],
  paths: Paths,
): UpstreamCredential {
  if (api_key !== undefined) return { id, apiKey: createSecret(api_key), tokens: undefined };
  if (oauth_file === undefined) return { id, apiKey: undefined, tokens: { kind: 'anonymous' } };
  return { id, apiKey: undefined, tokens: { kind: 'login', path: absolutePath(oauth_file, paths) } };
}
