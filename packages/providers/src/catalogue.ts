import { anthropicEntry } from './anthropic/entry.ts';
import { azureEntry } from './azure/entry.ts';
import { bailianEntry } from './bailian/entry.ts';
import type { CatalogueEntry } from './catalogue-entry.ts';
import { cozeEntry } from './coze/entry.ts';
import { geminiEntry } from './gemini/entry.ts';
import { iflowEntry } from './iflow/entry.ts';
import { ollamaEntry } from './ollama/entry.ts';
import { openaiEntry } from './openai/entry.ts';
import { zaiWebEntry } from './zai-web/entry.ts';
import { zaiEntry } from './zai/entry.ts';

export type { AccessTokens, CatalogueEntry } from './catalogue-entry.ts';

const entries = {
  openai: openaiEntry,
  azure: azureEntry,
  coze: cozeEntry,
  bailian: bailianEntry,
  gemini: geminiEntry,
  zai: zaiEntry,
  'zai-web': zaiWebEntry,
  anthropic: anthropicEntry,
  iflow: iflowEntry,
  ollama: ollamaEntry,
} as const satisfies Record<string, CatalogueEntry>;

/** A `type` that an upstream may have. */
export type ProviderType = keyof typeof entries;

/** Every type, in the order of the docs, as a configuration knows it. */
export const catalogue: Readonly<Record<ProviderType, CatalogueEntry>> = entries;
