import { anthropic } from './anthropic/index.ts';
import { azure } from './azure/index.ts';
import { coze } from './coze/index.ts';
import { bailian } from './bailian/index.ts';
import { gemini } from './gemini/index.ts';
import { iflow } from './iflow/index.ts';
import { ollama } from './ollama/index.ts';
import { openai } from './openai/index.ts';
import type { ProviderType } from './catalogue.ts';
import type { Provider } from './provider.ts';
import { zaiWeb } from './zai-web/index.ts';
import { zai } from './zai/index.ts';

/** The adapters of every type in the catalogue. */
export const providers: Readonly<Record<ProviderType, Provider>> = {
  openai,
  azure,
  coze,
  bailian,
  gemini,
  zai,
  'zai-web': zaiWeb,
  anthropic,
  iflow,
  ollama,
};
