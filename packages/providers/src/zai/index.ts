import type { ProviderAdapter } from '../adapter.ts';
import type { Hint } from '../capabilities.ts';
import { createOpenAiAdapter } from '../openai-protocol/adapter.ts';
import { createModelLister } from '../openai-protocol/list-models.ts';
import { plainStyle } from '../openai-protocol/options.ts';
import { defineProvider } from '../provider.ts';
import { zaiEntry } from './entry.ts';
import { toFailure } from './failure.ts';
import { findUnsupported, keyOf, parameters, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

const errors = { toFailure };
const { embeddings: _embeddings, ...chat } = createOpenAiAdapter(plainStyle, { errors });
const models = createModelLister(plainStyle);

/** Messages and tools pass unchanged. */
const hints: ReadonlySet<Hint> = new Set([
  'cache_control',
  'tools.cache_control',
  'prompt_cache_breakpoint',
  'image_url.detail',
]);

/** The official API of the GLM models. */
export const zai = defineProvider({
  ...zaiEntry,
  create({ glm_thinking: thinking, glm_key: key }): ProviderAdapter {
    const request = { thinking, signsKeys: key === 'signed' };
    return {
      ...chat,
      type: 'zai',
      capabilities: { ...chat.capabilities, parameters, media: [], hints },
      findUnsupported,
      toUpstream: (body, plan) => toUpstream(body, plan, request),
      models: {
        ...models,
        toUpstream: (plan, next) => models.toUpstream({ ...plan, apiKey: keyOf(plan, request) }, next),
      },
      translateStream,
      translateWhole,
    };
  },
});
