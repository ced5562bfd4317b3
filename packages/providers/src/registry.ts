import type { ProviderAdapter } from './adapter.ts';
import { azure } from './azure/index.ts';
import { openai } from './openai/index.ts';

/** The adapter of each `type` that an upstream may have. */
export const adapters = { openai, azure } as const satisfies Record<string, ProviderAdapter>;
