import { allowsModel, findModel, type IngressConfig } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { Principal } from '../context.ts';

export type ModelEntry = NonNullable<ReturnType<typeof findModel>>;

/**
 * The entry of the configuration that serves this model for this key.
 * @throws GatewayError 404 for a model that is not here, 403 for one that the key may not use
 */
export function resolveModel(
  config: Pick<IngressConfig, 'models'>,
  principal: Pick<Principal, 'models'>,
  model: string,
): ModelEntry {
  const entry = isPlainName(model) ? findModel(config, model) : undefined;
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

/** Some providers have the model's name in their paths: there it must not lead to other places than the model's. */
const isPlainName = (model: string): boolean =>
  model.isWellFormed() && !model.split('/').some((segment) => segment === '.' || segment === '..');
