import type { ProviderAdapter } from '../adapter.ts';
import { inBatches } from './batches.ts';

/** Returns the adapter for embeddings, or undefined if the provider has none. */
export function asEmbeddings(adapter: ProviderAdapter): ProviderAdapter | undefined {
  const { embeddings } = adapter;
  if (embeddings === undefined) return undefined;
  const { isStreamOnly: _isStreamOnly, findUnsupported: _findUnsupported, prepare: _prepare, ...rest } = adapter;
  const atOnce: ProviderAdapter = {
    ...rest,
    capabilities: { ...adapter.capabilities, parameters: embeddings.parameters },
    toUpstream: embeddings.toUpstream,
    translateWhole: embeddings.translateWhole,
    ...(embeddings.findUnsupported === undefined ? {} : { findUnsupported: embeddings.findUnsupported }),
  };
  return embeddings.mostInputs === undefined ? atOnce : inBatches(atOnce, embeddings.mostInputs);
}
