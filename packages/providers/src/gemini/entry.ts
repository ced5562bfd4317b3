import { flag, oneOf, section } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

const options = section({
  thinking_control: oneOf(['level', 'budget'])
    .optional()
    .meta({ 'x-default': '`level` for names from gemini-3 on, else `budget`' })
    .describe('What `reasoning_effort` becomes: a `thinkingLevel`, or a `thinkingBudget` of tokens.'),
  include_thoughts: flag()
    .default(true)
    .describe(
      'Ask for thoughts, for `reasoning_content`, wherever the request or the name of the model says that it thinks.',
    ),
});

export const geminiEntry = {
  options,
  defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
} as const satisfies CatalogueEntry;
