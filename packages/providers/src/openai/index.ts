import { section } from '@sluice/setting-types';
import type { ProviderAdapter } from '../adapter.ts';
import { defineProvider } from '../provider.ts';
import { embeddings } from './embeddings.ts';
import { toFailure } from './failure.ts';
import { toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

/** OpenAI and every server that speaks its Chat Completions protocol. */
export const openaiAdapter: ProviderAdapter = {
  type: 'openai',
  capabilities: {
    parameters: 'any',
    images: ['https', 'data'],
    media: ['input_audio', 'file'],
    prefill: 'none',
    reasoning: true,
    streamUsage: true,
  },
  framing: 'sse',
  toUpstream,
  translateStream,
  translateWhole,
  toFailure,
  embeddings,
};

export const openai = defineProvider({ options: section({}), create: () => openaiAdapter });
