import { type Config, findModel, isGlob } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { principalOf } from '../context.ts';
import { mayUse } from '../inference/resolve-model.ts';
import type { ModelCatalogue, NamedModel } from '../model-catalogue.ts';
import { pageOf, readPage } from './model-page.ts';

/** A model for clients of OpenAI and of Anthropic: each reads the members that it knows. */
interface ModelObject {
  readonly id: string;
  readonly object: 'model';
  readonly type: 'model';
  readonly display_name: string;
  readonly created: number;
  /** The same time as text. */
  readonly created_at: string;
  readonly owned_by: string;
}

export interface ModelsNeeds {
  readonly config: Pick<Config, 'models'>;
  readonly catalogue: ModelCatalogue;
  /** Creation time of every model in the answers to clients; seconds since 1970. */
  readonly startedAtSeconds: number;
}

/**
 * `GET /v1/models`: the models that this key may use, including those of globs whose upstreams list their models. One list
 * for three readers: OpenAI's clients, Anthropic's, which may ask for a page of it, and Codex.
 */
export function listModels({ catalogue, startedAtSeconds }: ModelsNeeds): RequestHandler {
  return async (request, response) => {
    const principal = principalOf(response);
    const page = readPage(request.query);
    const models = await catalogue.list();
    const all = models.filter(({ id }) => mayUse(principal, id));
    const { items, hasMore } = pageOf(all, page);
    const data = items.map((model) => toObject(model, startedAtSeconds));
    response.json({
      object: 'list',
      data,
      has_more: hasMore,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      ...(request.query['client_version'] === undefined ? {} : codexModels),
    });
  };
}

/**
 * Codex fails without the list, and takes instructions and tools of each model in it from there. It uses its own if the
 * list is empty.
 */
const codexModels = { models: [] };

/**
 * `GET /v1/models/{id}`; ids may contain slashes. A name that a glob covers exists even if no upstream lists it,
 * because the gateway would send a request for it.
 */
export function getModel({ config, catalogue, startedAtSeconds }: ModelsNeeds): RequestHandler {
  return async (request, response) => {
    const path: unknown = request.params['id'];
    const id = Array.isArray(path) ? path.join('/') : String(path);
    const entry = findModel(config, id);
    if (entry === undefined || !mayUse(principalOf(response), id)) {
      throw new GatewayError('model_not_found', { message: `The model '${id}' does not exist here.`, param: 'model' });
    }
    // Only a model of a glob can have another owner than the entry's first target.
    const told = isGlob(entry.id) ? await catalogue.list() : [];
    const owner = told.find((model) => model.id.toLowerCase() === id.toLowerCase())?.ownedBy;
    const ownedBy = owner ?? entry.targets[0]?.upstream ?? 'sluice';
    response.json(toObject({ id, ownedBy }, startedAtSeconds));
  };
}

const toObject = ({ id, ownedBy }: NamedModel, created: number): ModelObject => ({
  id,
  object: 'model',
  type: 'model',
  display_name: id,
  created,
  created_at: new Date(created * 1000).toISOString(),
  owned_by: ownedBy,
});
