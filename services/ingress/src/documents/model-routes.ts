import type { ErrorCode } from '@sluice/protocol';
import { z } from 'zod';
import { model, modelList } from './answer-schemas.ts';
import type { RouteDescription } from './route-description.ts';

const errors: readonly ErrorCode[] = [
  'invalid_request',
  'invalid_api_key',
  'origin_not_allowed',
  'host_not_allowed',
  'rate_limit_exceeded',
  'internal_error',
];
const example = { id: 'gpt-4o-mini', object: 'model', created: 1_780_000_000, owned_by: 'openai' };

/** The list of models. */
export const modelRoutes: readonly RouteDescription[] = [
  {
    method: 'get',
    path: '/v1/models',
    id: 'listModels',
    tag: 'models',
    summary: 'Lists the models that the key may use',
    description: 'Includes the models of globs whose upstreams list theirs. Needs no key with `server.public_models`.',
    access: 'client',
    answers: {
      200: { description: 'The models.', json: modelList, examples: { list: { object: 'list', data: [example] } } },
    },
    errors,
  },
  {
    method: 'get',
    path: '/v1/models/{id}',
    id: 'getModel',
    tag: 'models',
    summary: 'Tells whether the key may use a model',
    description: 'The id may contain slashes.',
    access: 'client',
    parameters: [{ name: 'id', in: 'path', description: 'Name of the model.', schema: z.string(), example: 'demo' }],
    answers: { 200: { description: 'The model.', json: model, examples: { model: example } } },
    errors: [...errors, 'model_not_found'],
  },
];
