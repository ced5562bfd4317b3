import { flag, listOf, oneOf, section, token, wholeNumber } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

const text = token('text without spaces');

/**
 * Ways to request reasoning: an `effort`, with an amount that the model decides (Claude 4.6 and later; the newest
 * models accept nothing else), or a `budget` of tokens (3.7 to 4.5).
 *
 * Source: https://docs.claude.com/en/docs/build-with-claude/adaptive-thinking
 */
const thinkingStyles = ['auto', 'effort', 'budget'] as const;
export type ThinkingStyle = (typeof thinkingStyles)[number];

const options = section({
  version: text.default('2023-06-01').describe('Header `anthropic-version`.'),
  beta: listOf(text, 'a list of texts without spaces').default([]).describe('Header `anthropic-beta`.'),
  max_tokens: wholeNumber(1)
    .default(4096)
    .describe('Longest answer of a request without a limit, because Anthropic requires one. Reasoning is added to it.'),
  thinking_style: oneOf(thinkingStyles)
    .default('auto')
    .describe(
      'Form in which `reasoning_effort` is sent: an `effort` (Claude 4.6 and later) or a `budget` of tokens (before). ' +
        '`auto` chooses by the name of the model.',
    ),
  sampling: flag()
    .default(true)
    .describe('The models accept `temperature`, `top_p` and `top_k`. Claude Opus 4.7 and later models do not.'),
});

export const anthropicEntry = {
  options,
  defaultBaseUrl: 'https://api.anthropic.com/v1',
} as const satisfies CatalogueEntry;
