import { section, token } from '@sluice/setting-types';
import type { ProviderAdapter } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { defineProvider } from '../provider.ts';
import { embeddings } from '../openai/embeddings.ts';
import { atAzure, toUpstream } from './request.ts';
import { translateWhole } from './whole.ts';

const options = section({
  api_version: token('text without spaces')
    .optional()
    .meta({ 'x-default': '2024-10-21, and none with the v1 API' })
    .describe("Azure's `api-version`."),
});

/** OpenAI's models at Azure: its own paths and key header, OpenAI's answers with the content filter's findings in them. */
export const azure = defineProvider({
  options,
  create: ({ api_version: apiVersion }): ProviderAdapter => ({
    ...openaiAdapter,
    type: 'azure',
    toUpstream: (body, plan) => toUpstream(body, plan, apiVersion),
    translateWhole,
    embeddings: {
      ...embeddings,
      toUpstream: (body, plan) =>
        atAzure(embeddings.toUpstream(body, { ...plan, apiKey: undefined }), plan, apiVersion),
    },
  }),
});
