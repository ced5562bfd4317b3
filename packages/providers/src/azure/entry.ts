import { section, token } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';
import { dialectOptions } from '../openai-protocol/options.ts';

const options = section({
  api_version: token('text without spaces')
    .optional()
    .meta({ 'x-default': '2024-10-21, and none with the v1 API' })
    .describe('`api-version` of Azure.'),
  ...dialectOptions,
});

export const azureEntry = {
  options,
} as const satisfies CatalogueEntry;
