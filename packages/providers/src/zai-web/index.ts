import type { ProviderAdapter } from '../adapter.ts';
import { defineProvider } from '../provider.ts';
import { zaiWebEntry } from './entry.ts';
import { toFailure } from './failure.ts';
import { guestTokens } from './guest-tokens.ts';
import { createModelLister } from './list-models.ts';
import { findUnsupported, imagesOf } from './messages.ts';
import { prepare } from './prepare.ts';
import { toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

/** The private backend of the web page chat.z.ai, for operators who accept its risks. `zai` is the official way. */
export const zaiWeb = defineProvider({
  ...zaiWebEntry,
  create: (options): ProviderAdapter => ({
    type: 'zai-web',
    capabilities: {
      parameters: new Set(['temperature', 'top_p', 'max_tokens', 'max_completion_tokens', 'reasoning_effort']),
      images: ['data'],
      media: [],
      prefill: 'none',
      reasoning: true,
      streamUsage: true,
    },
    framing: 'sse-unterminated',
    isStreamOnly: true,
    findUnsupported,
    refusesGuests: (body) => imagesOf(body).length > 0,
    prepare: (body, plan) => prepare(body, plan, options),
    toUpstream: (body, plan) => toUpstream(body, plan, options),
    translateStream,
    translateWhole,
    toFailure,
    models: createModelLister(options),
    ...(options.zai_web_guests ? { tokens: guestTokens(options) } : {}),
  }),
});
