import { randomBytes } from 'node:crypto';
import {
  afterFile,
  type Fleet,
  openaiClient,
  type SimulatorControl,
  simulatorControl,
  type SimulatorProcess,
  spawnService,
  startFleet,
} from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { inject } from 'vitest';

/** The product as its users meet it: real processes, a simulator for the providers, an official SDK for the clients. */
export interface Sluice {
  readonly fleet: Fleet;
  readonly simulator: SimulatorControl;
  readonly simulatorProcess: SimulatorProcess;
  /** Base URL of an ingress; calls alternate between the ingresses unless one is named. */
  url(at?: number): string;
  client(options?: { readonly at?: number; readonly apiKey?: string }): OpenAI;
}

type ConfigSections = Readonly<Record<string, unknown>>;

export interface SluiceOptions {
  readonly ingresses?: number;
  readonly workers?: number;
  /** Merged into the configuration, section by section. A function receives the simulator's URL. */
  readonly config?: ConfigSections | ((simulatorUrl: string) => ConfigSections | Promise<ConfigSections>);
  readonly env?: Readonly<Record<string, string>>;
  /** Redis URL; default: the one of the test run. */
  readonly redis?: object;
  /** Other Redis URLs for the replicas of this fleet alone. */
  readonly redisUrls?: Readonly<Partial<Record<'ingress' | 'worker', string>>>;
}

export const apiKey = 'sk-test-client-0001';

/** Starts all of it for the tests of one file, and stops it after them. */
export async function startSluice(options: SluiceOptions = {}): Promise<Sluice> {
  const simulatorProcess = await spawnService('simulator');
  afterFile(simulatorProcess.stop);
  const config = {
    keys: [{ name: 'test', key: apiKey, models: ['*'] }],
    upstreams: [upstream('sim', simulatorProcess.url)],
    models: [{ id: '*', targets: [{ upstream: 'sim' }] }],
    ...(typeof options.config === 'function' ? await options.config(simulatorProcess.url) : options.config),
    ...(options.redis === undefined ? {} : { redis: options.redis }),
  };
  const fleet = await startFleet({
    ingresses: options.ingresses ?? 2,
    workers: options.workers ?? 2,
    config,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.redisUrls === undefined ? {} : { redisUrls: options.redisUrls }),
    ...(options.redis === undefined ? { redisUrl: inject('redisUrl') } : {}),
    keyPrefix: `e2e-${randomBytes(6).toString('hex')}`,
  });
  afterFile(fleet.stop);
  let turn = 0;
  const url = (at = turn++): string => `${fleet.urls[at % fleet.urls.length]}/v1`;
  return {
    fleet,
    simulator: simulatorControl(simulatorProcess.url),
    simulatorProcess,
    url,
    client: ({ at, apiKey: key = apiKey } = {}) => openaiClient({ baseUrl: url(at), apiKey: key }),
  };
}

/** An account at the simulator. Each key begins with `tok-`. */
export function upstream(id: string, simulatorUrl: string, credentials: readonly string[] = ['a']): object {
  return {
    id,
    type: 'openai',
    base_url: `${simulatorUrl}/v1`,
    credentials: credentials.map((credential) => ({ id: credential, api_key: `tok-${id}-${credential}` })),
  };
}

/** Returns a short request to a model. */
export const ask = (model: string, content = 'Tell me something.') => ({
  model,
  messages: [{ role: 'user' as const, content }],
});

/** Returns all text of a stream. */
export async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}
