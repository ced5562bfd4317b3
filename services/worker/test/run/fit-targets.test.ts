import { type ProviderAdapter, providers } from '@sluice/providers';
import type { SpanAttributes } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { fitTargets } from '../../src/run/fit-targets.ts';
import type { Target } from '../../src/targets/targets.ts';
import { claimedRunWith, targetWith } from '../scene.ts';

const body = { seed: 1, top_p: 0.5 };

/** A target that does not support these fields. */
const without = (
  paths: ReturnType<NonNullable<ProviderAdapter['findUnsupported']>>,
  over: Partial<Target> = {},
): Target => targetWith({ adapter: { ...providers.openai.create({}), findUnsupported: () => paths }, ...over });

function fit(targets: readonly Target[], given: object = body) {
  const attributes: SpanAttributes[] = [];
  const run = claimedRunWith({ body: { ...given } });
  const set = (given: SpanAttributes | (() => SpanAttributes)): void =>
    void attributes.push(typeof given === 'function' ? given() : given);
  return { ...fitTargets(targets, { ...run, span: { ...run.span, set } }), attributes };
}

describe('a request', () => {
  it('fits a target that supports all its fields, unchanged', () => {
    const target = targetWith();
    const { bodies, misfit, attributes } = fit([target]);
    expect(bodies.get(target)).toEqual(body);
    expect(misfit).toBeUndefined();
    expect(attributes).toEqual([]);
  });

  it('does not fit a target that lacks one of its fields, but fits another one', () => {
    const [strict, open] = [without([['seed']]), targetWith()];
    const { bodies, misfit } = fit([strict, open]);
    expect([...bodies.keys()]).toEqual([open]);
    expect(misfit).toMatchObject({ kind: 'unsupported', param: 'seed' });
  });

  it('gives the misfit of its first target', () => {
    expect(fit([without([['top_p']]), without([['seed']])]).misfit).toMatchObject({ param: 'top_p' });
  });

  it('loses the field at a target that drops what it lacks, and the span names that field', () => {
    const target = without([['seed']], { dropsUnsupported: true });
    const { bodies, dropped, misfit, attributes } = fit([target]);
    expect(bodies.get(target)).toEqual({ top_p: 0.5 });
    expect(dropped.get(target)).toEqual(['seed']);
    expect(misfit).toBeUndefined();
    expect(attributes).toEqual([{ 'sluice.dropped_parameters': ['seed'] }]);
  });

  it('tells the labels that a target does not get, and the names of fields without indices', () => {
    const target = without([['messages', 0, 'content', 1]], { dropsUnsupported: true });
    const adapter = { ...target.adapter, capabilities: { ...target.adapter.capabilities, hints: new Set<never>() } };
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'file' }] }];
    const strict = { ...target, adapter };
    expect(fit([strict], { user: 'u', messages }).dropped.get(strict)).toEqual(['messages.content', 'user']);
  });
});
