import { catalogue } from '@sluice/providers/catalogue';
import type { Config, ModelConfig, SimulatorConfig, UpstreamConfig, UpstreamCredential } from '../config.ts';
import { parseProxy, type Proxy } from '../network/proxy.ts';
import type { Settings } from '../schema/settings.ts';
import { createSecret, type Secret } from '../secret.ts';
import { absolutePath, absoluteTlsFiles } from './absolute-path.ts';
import type { Paths } from './absolute-path.ts';

/** Returns upstreams and models; without an upstream, the simulator and its models. */
export function resolveRouting(
  { upstreams, models }: Settings,
  paths: Paths,
  simulator: SimulatorConfig,
): Pick<Config, 'upstreams' | 'models' | 'demo'> {
  if (upstreams.length === 0) return demo(simulator);
  return {
    upstreams: upstreams.map((upstream) => toUpstream(upstream, paths)),
    models: models.map(toModel),
    demo: false,
  };
}

function demo({ host, port }: SimulatorConfig): Pick<Config, 'upstreams' | 'models' | 'demo'> {
  const simulator: UpstreamConfig = {
    id: 'simulator',
    type: 'openai',
    baseUrl: `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1`,
    credentials: [{ id: 'default', apiKey: createSecret('sim'), tokens: undefined }],
    options: {},
    proxy: undefined,
    tls: { ca: undefined, cert: undefined, key: undefined },
    headers: {},
    reportStreamUsage: true,
    prefill: 'assistant',
    dropsUnsupported: false,
    lacks: [],
    wholeAnswers: 'ask',
  };
  const toDemo = (id: string): ModelConfig => ({
    id,
    targets: [{ upstream: simulator.id, model: undefined, priority: 1, weight: 1 }],
    thinking: 'field',
    contextRounds: undefined,
    maxContinuations: 0,
    onContentPolicy: undefined,
    wholeAnswers: undefined,
  });
  return { upstreams: [simulator], models: ['demo', 'demo-*'].map(toDemo), demo: true };
}

type UpstreamSettings = Settings['upstreams'][number];

function toUpstream(upstream: UpstreamSettings, paths: Paths): UpstreamConfig {
  const { id, type, base_url, options, credentials, stream_usage, prefill, drop_unsupported, lacks } = upstream;
  const { whole_answers, proxy, tls = {}, headers } = upstream;
  return {
    id,
    type,
    baseUrl: (base_url ?? catalogue[type].defaultBaseUrl ?? '').replace(/\/+$/, ''),
    options,
    credentials: credentials?.map((credential) => toCredential(credential, paths)) ?? [
      { id: 'default', apiKey: undefined, tokens: undefined },
    ],
    proxy: proxyOf(proxy),
    tls: absoluteTlsFiles(tls, paths),
    headers: toSecretHeaders(headers),
    reportStreamUsage: stream_usage,
    prefill,
    dropsUnsupported: drop_unsupported,
    lacks,
    wholeAnswers: whole_answers,
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

function toModel(model: Settings['models'][number]): ModelConfig {
  const { id, targets, thinking, compress_context, auto_continue, on_content_policy, whole_answers } = model;
  return {
    id,
    targets: targets.map(({ upstream, model, priority, weight }) => ({ upstream, model, priority, weight })),
    thinking,
    contextRounds: compress_context?.rounds,
    maxContinuations: auto_continue,
    onContentPolicy: on_content_policy,
    wholeAnswers: whole_answers,
  };
}
