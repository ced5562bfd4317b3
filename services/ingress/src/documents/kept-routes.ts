import { z } from 'zod';
import type { RouteDescription } from './route-description.ts';

const paths = [
  ['/v1/chat/completions/{id}/stream', 'attachToChat', 'a chat'],
  ['/v1/messages/{id}/stream', 'attachToMessage', 'a message'],
  ['/v1/responses/{id}/stream', 'attachToResponse', 'a response'],
] as const;

/** Streams of answers that are kept. */
export const keptRouteDescriptions: readonly RouteDescription[] = paths.map(([path, id, what]) => ({
  method: 'get',
  path,
  id,
  tag: 'inference',
  summary: `Attaches to the stream of ${what} again`,
  description:
    'The request had `x-sluice-resume: 1` or an `Idempotency-Key`. Reads cost nothing and count towards no limit.',
  access: 'client',
  parameters: [
    {
      name: 'id',
      in: 'path',
      description: 'The header `x-sluice-answer-id` of the answer.',
      schema: z.string(),
      example: 'a-1',
    },
    {
      name: 'starting_after',
      in: 'query',
      description: 'Number of the last event that the client has. Default: 0.',
      schema: z.string(),
      example: '5',
    },
  ],
  answers: {
    200: {
      description: 'The events after that one, as the first client got them.',
      headers: ['x-sluice-replayed'],
      texts: [{ mediaType: 'text/event-stream', example: 'id: 6\ndata: {}\n\n' }],
    },
  },
  errors: ['invalid_api_key', 'invalid_value', 'answer_not_found', 'answer_lost', 'redis_unavailable'],
}));
