import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/context.ts';
import { requirePrice } from '../../../src/inference/accounting/require-price.ts';
import { configOf } from '../../config-of.ts';
import { principalWith } from '../fakes.ts';

interface Case {
  readonly policy?: string;
  readonly hasDatabase?: boolean;
  readonly principal?: Partial<Principal>;
  /** Models with a price. */
  readonly priced?: readonly string[];
}

function ask({ policy = 'refuse', hasDatabase = false, principal = {}, priced = [] }: Case): void {
  const config = configOf({
    prices: { unknown_model: policy },
    ...(hasDatabase ? { database: { url: 'postgres://sluice@db.test/sluice' } } : {}),
  });
  const target = { upstream: 'u', priority: 1, weight: 1 };
  const targets = [target, { ...target, model: 'other' }];
  const hasPrice = ({ model }: { readonly model: string }): boolean => priced.includes(model);
  requirePrice(config, { hasPrice }, { model: 'm', targets }, principalWith(principal));
}

const budgets = { day: 1_000_000 };

describe('a model without a price', () => {
  it.each<[string, Case]>([
    ['a database is configured', { hasDatabase: true }],
    ['the key has a budget', { principal: { budgets } }],
    ['the team has a budget', { principal: { team: { id: 't', models: ['**'], limits: {}, budgets } } }],
  ])('is refused if %s', (_what, conditions) => {
    expect(() => ask(conditions)).toThrow(
      expect.objectContaining({ code: 'model_not_priced', param: 'model', message: expect.stringContaining("'m'") }),
    );
  });

  it.each<[string, Case]>([
    ['nobody counts costs', {}],
    ['the policy is another', { policy: 'default', hasDatabase: true }],
    ['one of its targets has a price', { hasDatabase: true, priced: ['other'] }],
    ['its own name has a price', { hasDatabase: true, priced: ['m'] }],
  ])('is served if %s', (_what, conditions) => {
    expect(() => ask(conditions)).not.toThrow();
  });
});
