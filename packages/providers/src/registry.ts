import { azure } from './azure/index.ts';
import { iflow } from './iflow/index.ts';
import { openai } from './openai/index.ts';
import type { Provider } from './provider.ts';

/** Every `type` that an upstream may have. */
export const providers = {
  openai,
  azure,
  iflow,
} as const satisfies Record<string, Provider>;

export type ProviderType = keyof typeof providers;
