import type { CatalogueEntry } from '../catalogue-entry.ts';
import { options } from './options.ts';

export const bailianEntry = {
  options,
  defaultBaseUrl: 'https://dashscope.aliyuncs.com',
} as const satisfies CatalogueEntry;
