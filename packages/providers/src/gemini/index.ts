import type { ProviderAdapter } from '../adapter.ts';
import { defineProvider } from '../provider.ts';
import { geminiEntry } from './entry.ts';
import { embeddings } from './embeddings.ts';
import { toFailure } from './failure.ts';
import { models } from './list-models.ts';
import { native } from './native.ts';
import { isStored } from './parts.ts';
import { parameters, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { findUnsupported } from './unsupported.ts';
import { translateWhole } from './whole.ts';

/** Google's Gemini API. */
export const gemini = defineProvider({
  ...geminiEntry,
  create: (thinking): ProviderAdapter => ({
    type: 'gemini',
    capabilities: {
      parameters,
      images: ['data'],
      media: ['input_audio', 'file'],
      prefill: 'none',
      reasoning: true,
      streamUsage: true,
      hints: new Set(['description']),
    },
    // Errors within a stream are bare JSON.
    framing: 'sse-unterminated',
    readsArguments: true,
    findUnsupported,
    takesImage: isStored,
    toUpstream: (body, plan) => toUpstream(body, plan, thinking),
    translateStream,
    translateWhole,
    toFailure,
    models,
    native,
    embeddings,
  }),
});
