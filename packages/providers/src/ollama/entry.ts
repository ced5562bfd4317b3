import { section, textLike, wholeNumber } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';
import { dialectOptions } from '../openai-protocol/options.ts';

const options = section({
  headers: dialectOptions.headers,
  think_tags: dialectOptions.think_tags,
  num_ctx: wholeNumber(1)
    .optional()
    .meta({ 'x-default': "the server's own" })
    .describe(
      'Largest number of tokens of prompt and answer together; beyond it Ollama drops the beginning. Not with `/v1`.',
    ),
  keep_alive: textLike(/^-?(?:\d+|(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/, 'a duration such as "10m", or "-1" for ever')
    .optional()
    .meta({ 'x-default': "the server's own, usually 5m" })
    .describe('Time that the model stays in memory after an answer. Not with `/v1`.'),
});

export const ollamaEntry = {
  options,
  defaultBaseUrl: 'http://localhost:11434',
} as const satisfies CatalogueEntry;
