import { section } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';
import { dialectOptions, placeOptions } from '../openai-protocol/options.ts';

export const openaiEntry = {
  options: section({ ...dialectOptions, ...placeOptions }),
} as const satisfies CatalogueEntry;
