import { providers } from '@sluice/providers';
import type { Config, ModelConfig, UpstreamConfig } from '../config.ts';
import type { Settings } from '../schema/settings.ts';
import { createSecret } from '../secret.ts';

const usualSimulatorPort = 9900;

/** Upstreams and models; without any upstream, the simulator and its models. */
export function resolveRouting(
  { upstreams, models }: Settings,
  simulatorPort = usualSimulatorPort,
): Pick<Config, 'upstreams' | 'models' | 'demo'> {
  if (upstreams.length === 0) return demo(simulatorPort);
  return { upstreams: upstreams.map(toUpstream), models: models.map(toModel), demo: false };
}

function demo(port: number): Pick<Config, 'upstreams' | 'models' | 'demo'> {
  const simulator: UpstreamConfig = {
    id: 'simulator',
    type: 'openai',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    credentials: [{ id: 'default', apiKey: createSecret('sim') }],
    options: {},
    reportStreamUsage: true,
    prefill: 'assistant',
    dropsUnsupported: false,
  };
  const toDemo = (id: string): ModelConfig => ({
    id,
    targets: [{ upstream: simulator.id, model: undefined, priority: 1, weight: 1 }],
    thinking: 'field',
    contextRounds: undefined,
    maxContinuations: 0,
  });
  return { upstreams: [simulator], models: ['demo', 'demo-*'].map(toDemo), demo: true };
}

function toUpstream({
  id,
  type,
  base_url,
  options,
  credentials,
  stream_usage,
  prefill,
  drop_unsupported,
}: Settings['upstreams'][number]): UpstreamConfig {
  return {
    id,
    type,
    baseUrl: (base_url ?? providers[type].defaultBaseUrl ?? '').replace(/\/+$/, ''),
    options,
    credentials: credentials?.map(({ id, api_key }) => ({ id, apiKey: createSecret(api_key) })) ?? [
      { id: 'default', apiKey: undefined },
    ],
    reportStreamUsage: stream_usage,
    prefill,
    dropsUnsupported: drop_unsupported,
  };
}

function toModel({ id, targets, thinking, compress_context, auto_continue }: Settings['models'][number]): ModelConfig {
  return {
    id,
    targets: targets.map(({ upstream, model, priority, weight }) => ({ upstream, model, priority, weight })),
    thinking,
    contextRounds: compress_context?.rounds,
    maxContinuations: auto_continue,
  };
}
