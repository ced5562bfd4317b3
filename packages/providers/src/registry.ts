import { azure } from './azure/index.ts';
import { ollama } from './ollama/index.ts';
import { openai } from './openai/index.ts';
import type { Provider } from './provider.ts';

/** Every `type` that an upstream may have. */
export const providers = {
  openai,
  azure,
  ollama,
} as const satisfies Record<string, Provider>;

export type ProviderType = keyof typeof providers;
