import type { ChatBody } from '@sluice/protocol';
import { type ProviderAdapter, providers, type StreamTranslator } from '@sluice/providers';
import { plan } from './plan.ts';

/** The providers with OpenAI's protocol, each with its own deviations. */
export const openAiShaped: readonly (readonly [type: string, adapter: ProviderAdapter])[] = [
  ['openai', providers.openai.create({})],
  ['azure', providers.azure.create({})],
  ['iflow', providers.iflow.create({})],
  ['zai', providers.zai.create({})],
];

export interface ReadChunk {
  readonly id?: unknown;
  readonly created?: unknown;
  readonly model?: unknown;
  readonly choices: readonly {
    readonly index: number;
    readonly delta: Readonly<Record<string, unknown>>;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
  readonly [extension: string]: unknown;
}

export interface Read {
  readonly text: string;
  readonly chunks: readonly ReadChunk[];
  readonly content: string;
  readonly reasons: readonly string[];
  readonly translator: StreamTranslator;
}

/** Returns everything that a client receives for these events: texts unchanged, anything else as JSON. */
export function readStream(adapter: ProviderAdapter, events: readonly unknown[], body: ChatBody = {}): Read {
  const translator = adapter.translateStream(body, plan());
  const pushed = events.map((event) =>
    translator.push({ data: typeof event === 'string' ? event : JSON.stringify(event) }),
  );
  const text = pushed.join('') + translator.end();
  const chunks = text
    .split('\n\n')
    .filter((part) => part !== '')
    .map((part) => JSON.parse(part.slice('data: '.length)) as ReadChunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return {
    text,
    chunks,
    content: choices.map(({ delta }) => (typeof delta['content'] === 'string' ? delta['content'] : '')).join(''),
    reasons: choices.flatMap(({ finish_reason: reason }) => (reason === null ? [] : [reason])),
    translator,
  };
}

/** A chunk as OpenAI sends it. */
export const chunkOf = (delta: unknown, choice: object = {}, head: object = {}): object => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  ...head,
});
