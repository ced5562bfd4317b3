import type { CatalogueEntry } from '../catalogue-entry.ts';
import { zaiWebOptions } from './options.ts';

export const zaiWebEntry = {
  options: zaiWebOptions,
  defaultBaseUrl: 'https://chat.z.ai',
  accessTokens: { kind: 'anonymous', enabledBy: 'zai_web_guests' },
} as const satisfies CatalogueEntry;
