import { allowsModel, type Config, findModel } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { Principal } from '../context.ts';

export type ModelEntry = NonNullable<ReturnType<typeof findModel>>;

/**
 * The entry of the configuration that serves this model for this key.
 * @throws GatewayError 404 for a model that is not here, 403 for one that the key may not use
 */
export function resolveModel(config: Config, principal: Pick<Principal, 'models'>, model: string): ModelEntry {
  const entry = findModel(config, model);
  if (entry === undefined) {
    throw new GatewayError('model_not_found', { message: `The model '${model}' does not exist here.`, param: 'model' });
  }
  if (!allowsModel(principal, model)) {
    throw new GatewayError('model_not_allowed', {
      message: `This API key may not use the model '${model}'.`,
      param: 'model',
    });
  }
  return entry;
}
