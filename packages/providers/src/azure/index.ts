import type { ProviderAdapter } from '../adapter.ts';
import { createEmbeddings } from '../openai/embeddings.ts';
import { createOpenAiAdapter } from '../openai/index.ts';
import { defineProvider } from '../provider.ts';
import { azureEntry } from './entry.ts';
import { toFailure } from './failure.ts';
import { pathTo } from './request.ts';
import { withMessages } from './whole.ts';

<<<<<<< HEAD
const options = section({
  api_version: token('text without spaces')
    .optional()
    .meta({ 'x-default': '2024-10-21, and none with the v1 API' })
    .describe("Azure's `api-version`."),
  ...dialectOptions,
});

/**
 * OpenAI's models at Azure: other paths and another key header; answers are OpenAI's with content filter results added.
 */
=======
/** OpenAI's models at Azure: its own paths and key header, OpenAI's answers with the content filter's findings in them. */
>>>>>>> 75e9e27c26e3be56692a008f8d3e62b8306c5491
export const azure = defineProvider({
  ...azureEntry,
  create({ api_version: apiVersion, ...dialect }): ProviderAdapter {
    const at = (path: string): ProviderAdapter =>
      createOpenAiAdapter({ ...dialect, auth_header: 'api-key', chat_path: path }, { isOpenAi: true });
    // Azure lists the models that could be deployed, not the deployments whose names requests use.
    const { models: _models, ...adapter } = at('');
    return {
      ...adapter,
      type: 'azure',
      toUpstream: (body, plan) => at(pathTo('/chat/completions', plan, apiVersion)).toUpstream(body, plan),
      toFailure,
      translateWhole: (text, body, plan) => adapter.translateWhole(withMessages(text), body, plan),
      embeddings: createEmbeddings({ headers: dialect.headers, auth_header: 'api-key' }, (plan) =>
        pathTo('/embeddings', plan, apiVersion),
      ),
    };
  },
});
