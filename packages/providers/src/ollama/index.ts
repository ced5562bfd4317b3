import { section, textLike, wholeNumber } from '@sluice/setting-types';
import type { ProviderAdapter } from '../adapter.ts';
import { createOpenAiAdapter } from '../openai/index.ts';
import { dialectOptions, placeOptions, secretsOf } from '../openai/options.ts';
import { defineProvider } from '../provider.ts';
import { embeddings, toEmbed } from './embeddings.ts';
import { toFailure } from './failure.ts';
import { createModelLister } from './list-models.ts';
import { findUnsupported, parameters, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

const options = section({
  headers: dialectOptions.headers,
  think_tags: dialectOptions.think_tags,
  num_ctx: wholeNumber(1)
    .optional()
    .meta({ 'x-default': "the server's own" })
    .describe(
      'How many tokens prompt and answer may have together; beyond it Ollama forgets the beginning. Not with `/v1`.',
    ),
  keep_alive: textLike(/^-?(?:\d+|(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/, 'a duration such as "10m", or "-1" for ever')
    .optional()
    .meta({ 'x-default': "the server's own, usually 5m" })
    .describe('How long the model stays in memory after an answer. Not with `/v1`.'),
});

const openaiDialect = section({ ...dialectOptions, ...placeOptions });

/**
 * Ollama by its own protocol, which offers more than its OpenAI-compatible one: `num_ctx`, `keep_alive`. A base URL
 * that ends with `/v1` selects the compatible one.
 */
export const ollama = defineProvider({
  options,
  defaultBaseUrl: 'http://localhost:11434',
  create({ headers, think_tags: hasThinkTags, ...own }, baseUrl): ProviderAdapter {
    if (baseUrl?.endsWith('/v1') === true) {
      const dialect = openaiDialect.parse({ headers, think_tags: hasThinkTags });
      return { ...createOpenAiAdapter(dialect), type: 'ollama', toFailure };
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
