import { oneOf, section, token } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

const options = section({
  delivery: oneOf(['stream', 'poll'])
    .default('stream')
    .describe(
      'How answers are got: `stream` them, also for clients that want them whole; or start a chat and `poll` it each second until it is over, also for clients that want a stream.',
    ),
  user_id: token('text without spaces')
    .default('sluice')
    .describe(
      'Who asks, where a request has neither `safety_identifier` nor `user`. The provider keeps its users apart.',
    ),
});

export const cozeEntry = {
  options,
  defaultBaseUrl: 'https://api.coze.com',
} as const satisfies CatalogueEntry;
