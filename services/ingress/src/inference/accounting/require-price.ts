import type { IngressConfig } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { Principal } from '../../context.ts';
import type { Order } from '../order.ts';
import { hasBudget } from './has-budget.ts';
import type { CostBounds } from './money.ts';

/**
 * Refuses a model of which no target has a price, where `prices.unknown_model` is `refuse` and somebody counts the cost.
 * @throws GatewayError 403 for such a model
 */
export function requirePrice(
  { prices, database }: Pick<IngressConfig, 'prices' | 'database'>,
  costBounds: Pick<CostBounds, 'hasPrice'>,
  { model: asked, targets }: Pick<Order, 'model' | 'targets'>,
  { budgets, team }: Pick<Principal, 'budgets' | 'team'>,
): void {
  if (prices.unknownModel !== 'refuse') return;
  if (database === undefined && !hasBudget(budgets) && !hasBudget(team?.budgets)) return;
  if (targets.some(({ upstream, model = asked }) => costBounds.hasPrice({ upstream, model }))) return;
  throw new GatewayError('model_not_priced', {
    message: `The model '${asked}' has no price here, and models without a price are refused.`,
    param: 'model',
  });
}
