import type { ChatBody, EmbeddingsAdapter, ProviderAdapter } from '../adapter.ts';

/** The adapter as it makes embeddings, or undefined where the provider has none. */
export function asEmbeddings(adapter: ProviderAdapter): ProviderAdapter | undefined {
  const { embeddings } = adapter;
  if (embeddings === undefined) return undefined;
  const { isStreamOnly: _isStreamOnly, findUnsupported: _findUnsupported, prepare: _prepare, ...rest } = adapter;
  return {
    ...rest,
    capabilities: { ...adapter.capabilities, parameters: embeddings.parameters },
    toUpstream: embeddings.toUpstream,
    translateWhole: embeddings.translateWhole,
    ...(embeddings.findUnsupported === undefined ? {} : { findUnsupported: embeddings.findUnsupported }),
  };
}

/** The texts to embed, where all inputs are texts. */
export function textsOf(body: ChatBody): readonly string[] | undefined {
  const { input } = body;
  if (typeof input === 'string') return [input];
  return Array.isArray(input) && input.every((item) => typeof item === 'string') ? input : undefined;
}

/** How many vectors a request asks for; undefined where it can't be told. */
export function inputsOf({ input }: ChatBody): number | undefined {
  if (typeof input === 'string') return 1;
  if (!Array.isArray(input)) return undefined;
  return typeof input[0] === 'number' ? 1 : input.length;
}

/** For providers that embed texts alone, so many at once. */
export const onlyTexts =
  (mostInputs: number): NonNullable<EmbeddingsAdapter['findUnsupported']> =>
  (body) => {
    const texts = textsOf(body);
    return texts === undefined || texts.length > mostInputs ? [['input']] : [];
  };
