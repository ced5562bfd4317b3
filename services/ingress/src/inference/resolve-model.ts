import { allowsModel, findModel, type IngressConfig } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { Principal } from '../context.ts';

export type ModelEntry = NonNullable<ReturnType<typeof findModel>>;

/**
 * Returns the entry of the configuration for a model.
 * @throws GatewayError 404 for an unknown model, 403 for a model that the key may not use
 */
export function resolveModel(
  config: Pick<IngressConfig, 'models'>,
  principal: Pick<Principal, 'models' | 'team'>,
  model: string,
): ModelEntry {
  const entry = isPlainName(model) ? findModel(config, model) : undefined;
  if (entry === undefined) {
    throw new GatewayError('model_not_found', { message: `The model '${model}' does not exist here.`, param: 'model' });
  }
  if (!mayUse(principal, model)) {
    const whose = allowsModel(principal, model) ? 'The team of this API key' : 'This API key';
    throw new GatewayError('model_not_allowed', {
      message: `${whose} may not use the model '${model}'.`,
      param: 'model',
    });
  }
  return entry;
}

/** Returns whether the key and its team may use the model. */
export const mayUse = (principal: Pick<Principal, 'models' | 'team'>, model: string): boolean =>
  allowsModel(principal, model) && (principal.team === undefined || allowsModel(principal.team, model));

/**
 * False for names with `.` or `..` segments: some providers have the name in their paths, where it would reach others.
 */
const isPlainName = (model: string): boolean =>
  model.isWellFormed() && !model.split('/').some((segment) => segment === '.' || segment === '..');
