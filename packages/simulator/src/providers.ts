import { anthropic } from './anthropic/provider.ts';
import { azure } from './azure/provider.ts';
import { bailian } from './bailian/provider.ts';
import { createCoze } from './coze/provider.ts';
import { gemini } from './gemini/provider.ts';
import { createIflow } from './iflow/provider.ts';
import { ollama } from './ollama/provider.ts';
import { openAi } from './openai/provider.ts';
import { zai } from './zai/provider.ts';
import { createZaiWeb } from './zai-web/provider.ts';
import type { Provider } from './server/provider.ts';

/** All simulated providers. The first one answers paths that belong to no other. */
export const createProviders = (): readonly [Provider, ...Provider[]] => [
  openAi,
  azure,
  anthropic,
  bailian,
  createCoze(),
  gemini,
  zai,
  createZaiWeb(),
  createIflow(),
  ollama,
];
