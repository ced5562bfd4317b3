import { section } from '@sluice/setting-types';
import type { ProviderAdapter } from '../adapter.ts';
import { createOpenAiAdapter } from '../openai-protocol/adapter.ts';
import { dialectOptions, placeOptions, secretsOf } from '../openai-protocol/options.ts';
import { defineProvider } from '../provider.ts';
import { ollamaEntry } from './entry.ts';
import { embeddings, toEmbed } from './embeddings.ts';
import { toFailure } from './failure.ts';
import { createModelLister } from './list-models.ts';
import { findUnsupported, parameters, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

const openaiDialect = section({ ...dialectOptions, ...placeOptions });

/**
 * Ollama by its own protocol, which offers more than its OpenAI-compatible one: `num_ctx`, `keep_alive`. A base URL
 * that ends with `/v1` selects the compatible one.
 */
export const ollama = defineProvider({
  ...ollamaEntry,
  create({ headers, think_tags: hasThinkTags, ...own }, baseUrl): ProviderAdapter {
    if (baseUrl?.endsWith('/v1') === true) {
      const dialect = openaiDialect.parse({ headers, think_tags: hasThinkTags });
      return { ...createOpenAiAdapter(dialect, { errors: { toFailure } }), type: 'ollama' };
    }
    return {
      type: 'ollama',
      capabilities: {
        parameters,
        images: ['data'],
        media: [],
        prefill: 'none',
        reasoning: true,
        streamUsage: true,
        hints: new Set(['tools.cache_control']),
      },
      framing: 'ndjson',
      readsArguments: true,
      findUnsupported,
      toUpstream: (body, plan) => toUpstream(body, plan, { headers, ...own }),
      translateStream: (body, plan) => translateStream({ body, plan, hasThinkTags }),
      translateWhole: (text, body, plan) => translateWhole(text, { body, plan, hasThinkTags }),
      toFailure,
      secrets: secretsOf(headers),
      models: createModelLister({ headers }),
      embeddings: { ...embeddings, toUpstream: (body, plan) => toEmbed(body, plan, { headers, ...own }) },
    };
  },
});
