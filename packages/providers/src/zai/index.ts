import { oneOf, section } from '@sluice/setting-types';
import type { ProviderAdapter } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { createModelLister } from '../openai/list-models.ts';
import { plainStyle } from '../openai/options.ts';
import { defineProvider } from '../provider.ts';
import { toFailure } from './failure.ts';
import { findUnsupported, keyOf, parameters, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

const options = section({
  glm_thinking: oneOf(['disabled', 'enabled', 'provider'])
    .default('disabled')
    .describe(
      'What models from GLM-4.5 on do where neither `reasoning_effort` nor a name such as `glm-4.5-thinking` says whether to think. `provider` leaves it to the API.',
    ),
  glm_key: oneOf(['plain', 'signed'])
    .default('plain')
    .describe('`signed` sends a short-lived token made of a key of the form `id.secret`, and never the secret itself.'),
});

const { embeddings: _embeddings, ...chat } = openaiAdapter;
const models = createModelLister(plainStyle);

/** The official API of the GLM models. */
export const zai = defineProvider({
  options,
  defaultBaseUrl: 'https://api.z.ai/api/paas/v4',
  create({ glm_thinking: thinking, glm_key: key }): ProviderAdapter {
    const request = { thinking, signsKeys: key === 'signed' };
    return {
      ...chat,
      type: 'zai',
      capabilities: { ...chat.capabilities, parameters, media: [] },
      findUnsupported,
      toUpstream: (body, plan) => toUpstream(body, plan, request),
      models: {
        ...models,
        toUpstream: (plan, next) => models.toUpstream({ ...plan, apiKey: keyOf(plan, request) }, next),
      },
      translateStream,
      translateWhole,
      toFailure,
    };
  },
});
