import type { ErrorCode } from '@sluice/protocol';
import { z } from 'zod';
import { model, modelList } from './answer-schemas.ts';
import type { ParameterDescription, RouteDescription } from './route-description.ts';

const errors: readonly ErrorCode[] = [
  'invalid_request',
  'invalid_api_key',
  'origin_not_allowed',
  'host_not_allowed',
  'rate_limit_exceeded',
  'internal_error',
];
const example = {
  id: 'gpt-4o-mini',
  object: 'model',
  type: 'model',
  display_name: 'gpt-4o-mini',
  created: 1_780_000_000,
  created_at: '2026-05-28T20:26:40.000Z',
  owned_by: 'openai',
};
const list = { object: 'list', data: [example], has_more: false, first_id: example.id, last_id: example.id };

const inQuery = (name: string, description: string, schema: z.ZodType): ParameterDescription => ({
  name,
  in: 'query',
  description,
  schema,
});

/** The list of models. */
export const modelRoutes: readonly RouteDescription[] = [
  {
    method: 'get',
    path: '/v1/models',
    id: 'listModels',
    tag: 'models',
    summary: 'Lists the models that the key may use',
    description:
      "Includes the models of globs whose upstreams list theirs. Needs no key with `server.public_models`. Errors have Anthropic's envelope for requests with the header `anthropic-version`.",
    access: 'client',
    parameters: [
      inQuery('limit', 'Most models of the answer. Default: all.', z.int().min(1).max(1000)),
      inQuery('after_id', 'The answer begins after this model.', z.string()),
      inQuery('before_id', 'The answer ends before this model.', z.string()),
      inQuery('client_version', 'Sent by Codex.', z.string()),
    ],
    answers: { 200: { description: 'The models.', json: modelList, examples: { list } } },
    errors: [...errors, 'invalid_value', 'invalid_type'],
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
