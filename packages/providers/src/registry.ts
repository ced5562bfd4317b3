import { anthropic } from './anthropic/index.ts';
import { azure } from './azure/index.ts';
import { openai } from './openai/index.ts';
import type { Provider } from './provider.ts';

/** Every `type` that an upstream may have. */
export const providers = {
  openai,
  azure,
  anthropic,
} as const satisfies Record<string, Provider>;

export type ProviderType = keyof typeof providers;
