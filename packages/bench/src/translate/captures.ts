import type { CallPlan, ProviderAdapter, ProviderType } from '@sluice/providers';
import { request } from 'undici';

/** Path and model of each provider at the simulator. */
export const places: Readonly<Record<ProviderType, Place>> = {
  openai: { path: '/v1', model: 'demo' },
  azure: { path: '', model: 'demo' },
  bailian: { path: '', model: 'demo' },
  coze: { path: '', model: 'demo' },
  gemini: { path: '/v1beta', model: 'demo' },
  anthropic: { path: '/v1', model: 'demo' },
  ollama: { path: '', model: 'demo' },
  iflow: { path: '/iflow/v1', model: 'demo' },
  zai: { path: '/api/paas/v4', model: 'glm-4.5' },
  'zai-web': {
    path: '',
    model: 'demo',
    options: { signing_variant: 'v2', signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%' },
  },
};

interface Place {
  /** Path after the simulator's address. */
  readonly path: string;
  readonly model: string;
  readonly options?: object;
}

/** One stream of a provider, as received from the network. */
export interface Capture {
  readonly adapter: ProviderAdapter;
  readonly body: Parameters<ProviderAdapter['toUpstream']>[0];
  readonly plan: CallPlan;
  readonly text: string;
}

export interface CaptureRequest {
  readonly adapter: ProviderAdapter;
  readonly simulatorUrl: string;
  readonly place: Place;
  readonly tokens: number;
}

/**
 * Requests a stream in a provider's own protocol from the simulator.
 *
 * @throws Error when the answer is not a stream of status 200
 */
export async function capture({ adapter, simulatorUrl, place, tokens }: CaptureRequest): Promise<Capture> {
  const plan: CallPlan = {
    model: `${place.model}-t${tokens}`,
    baseUrl: `${simulatorUrl}${place.path}`,
    apiKey: 'tok-bench',
    stream: true,
    reportStreamUsage: true,
    requestId: 'bench',
    startedAtMs: Date.now(),
    newId: () => crypto.randomUUID(),
    keepsThinkingMarkup: false,
  };
  const body: Capture['body'] = { stream: true, messages: [{ role: 'user', content: 'Say something.' }] };
  const { url, method, headers, body: sent } = adapter.toUpstream(body, plan);
  const answer = await request(url, { method, headers, ...(sent === undefined ? {} : { body: Buffer.from(sent) }) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${adapter.type}: status ${answer.statusCode}: ${text.slice(0, 200)}`);
  return { adapter, body, plan, text };
}
