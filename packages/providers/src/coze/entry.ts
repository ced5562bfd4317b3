import { oneOf, section, token } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

const options = section({
  delivery: oneOf(['stream', 'poll'])
    .default('stream')
    .describe(
      'Way to get answers. `stream`: as a stream, also if the client wants a whole answer. `poll`: Sluice starts a chat and asks for its state each second until it ends, also if the client wants a stream.',
    ),
  user_id: token('text without spaces')
    .default('sluice')
    .describe('User id of requests with neither `safety_identifier` nor `user`. The provider keeps its users apart.'),
});

export const cozeEntry = {
  options,
  defaultBaseUrl: 'https://api.coze.com',
} as const satisfies CatalogueEntry;
