import { oneOf, section } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

const options = section({
  glm_thinking: oneOf(['disabled', 'enabled', 'provider'])
    .default('disabled')
    .describe(
      'Reasoning of GLM-4.5 and later models if neither `reasoning_effort` nor a name such as `glm-4.5-thinking` decides on it. `provider` leaves the decision to the API.',
    ),
  glm_key: oneOf(['plain', 'signed'])
    .default('plain')
    .describe(
      'Form in which the key is sent. `signed` sends a short-lived token that is made from a key of the form `id.secret`, and not the secret itself.',
    ),
});

export const zaiEntry = {
  options,
  defaultBaseUrl: 'https://api.z.ai/api/paas/v4',
} as const satisfies CatalogueEntry;
