import { allowsModel, type Config, findModel } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { principalOf } from '../context.ts';

interface ModelObject {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

const isGlob = (id: string): boolean => /[*?[{]/.test(id);

/** `GET /v1/models`: the models that this key may use; entries that are globs have no names to list. */
export function listModels(config: Config, createdAt: number): RequestHandler {
  return (_request, response) => {
    const principal = principalOf(response);
    const data = config.models
      .filter(({ id }) => !isGlob(id) && allowsModel(principal, id))
      .map((entry) => toObject(entry.id, entry, createdAt));
    response.json({ object: 'list', data });
  };
}

/** `GET /v1/models/{id}`; ids may hold slashes. */
export function getModel(config: Config, createdAt: number): RequestHandler {
  return (request, response) => {
    const path: unknown = request.params['id'];
    const id = Array.isArray(path) ? path.join('/') : String(path);
    const entry = findModel(config, id);
    if (entry === undefined || !allowsModel(principalOf(response), id)) {
      throw new GatewayError('model_not_found', { message: `The model '${id}' does not exist here.`, param: 'model' });
    }
    response.json(toObject(id, entry, createdAt));
  };
}

function toObject(id: string, entry: Config['models'][number], createdAt: number): ModelObject {
  return { id, object: 'model', created: createdAt, owned_by: entry.targets[0]?.upstream ?? 'sluice' };
}
