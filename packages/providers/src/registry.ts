import type { ProviderAdapter } from './adapter.ts';
import { openai } from './openai/index.ts';

/** The adapter of each `type` that an upstream may have. */
export const adapters = { openai } as const satisfies Record<string, ProviderAdapter>;
