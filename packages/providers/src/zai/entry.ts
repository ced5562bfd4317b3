import { oneOf, section } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

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

export const zaiEntry = {
  options,
  defaultBaseUrl: 'https://api.z.ai/api/paas/v4',
} as const satisfies CatalogueEntry;
