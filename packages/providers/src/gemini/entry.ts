import { flag, oneOf, section } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

const options = section({
  thinking_control: oneOf(['level', 'budget'])
    .optional()
    .meta({ 'x-default': '`level` for gemini-3 and later, else `budget`' })
    .describe('Form in which `reasoning_effort` is sent: a `thinkingLevel` or a `thinkingBudget` of tokens.'),
  include_thoughts: flag()
    .default(true)
    .describe(
      'Asks for the reasoning, for `reasoning_content`, if the request or the name of the model turns reasoning on.',
    ),
});

export const geminiEntry = {
  options,
  defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
} as const satisfies CatalogueEntry;
