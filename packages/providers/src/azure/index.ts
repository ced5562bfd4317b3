import type { ProviderAdapter } from '../adapter.ts';
import { pageRequest } from '../model-lister.ts';
import { createEmbeddings } from '../openai-protocol/embeddings.ts';
import { keyHeader, lowerCased } from '../openai-protocol/request.ts';
import { createOpenAiAdapter } from '../openai-protocol/adapter.ts';
import { defineProvider } from '../provider.ts';
import { azureEntry } from './entry.ts';
import { toFailure } from './failure.ts';
import { keyCheckPath, pathTo } from './request.ts';
import { withMessages } from './whole.ts';

/**
 * OpenAI's models at Azure: other paths and another key header; answers are OpenAI's with content filter results added.
 */
export const azure = defineProvider({
  ...azureEntry,
  create({ api_version: apiVersion, ...dialect }): ProviderAdapter {
    const at = (path: string): ProviderAdapter =>
      createOpenAiAdapter(
        { ...dialect, auth_header: 'api-key', chat_path: path },
        { isOpenAi: true, errors: { toFailure } },
      );
    // Azure lists the models that could be deployed, not the deployments whose names requests use.
    const { models: _models, ...adapter } = at('');
    return {
      ...adapter,
      type: 'azure',
      toUpstream: (body, plan) => at(pathTo('/chat/completions', plan, apiVersion)).toUpstream(body, plan),
      translateWhole: (text, body, plan) => adapter.translateWhole(withMessages(text), body, plan),
      keyCheck: ({ baseUrl, apiKey }) =>
        pageRequest(`${baseUrl}${keyCheckPath(baseUrl, apiVersion)}`, {
          ...lowerCased(dialect.headers),
          ...keyHeader(apiKey, 'api-key'),
        }),
      embeddings: createEmbeddings(
        { headers: dialect.headers, auth_header: 'api-key' },
        { pathOf: (plan) => pathTo('/embeddings', plan, apiVersion) },
      ),
    };
  },
});
