import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, Prepared, ProviderAdapter } from '@sluice/providers';
import { runSteps, type StepOptions } from './run-steps.ts';

/** A request after the calls that its provider requires before the answer. */
export type PrepareResult =
  | { readonly kind: 'ready'; readonly body: ChatBody; readonly plan: CallPlan }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly hasThrown?: boolean }
  | { readonly kind: 'aborted' };

export interface PrepareOptions extends Omit<StepOptions<Prepared>, 'left' | 'maxSteps'> {
  readonly adapter: ProviderAdapter;
  readonly body: ChatBody;
  readonly plan: CallPlan;
}

/** Makes the calls that the provider's protocol requires before the answer. Never rejects. */
export async function prepare(options: PrepareOptions): Promise<PrepareResult> {
  const { adapter, body, plan } = options;
  const steps = adapter.prepare?.(body, plan);
  if (steps === undefined) return { kind: 'ready', body, plan };
  const taken = await runSteps(steps, { ...options, left: { kind: 'ready' } });
  if (taken.kind !== 'done') return taken;
  if (taken.result.kind === 'failed') return taken.result;
  const { body: prepared = body, notes } = taken.result;
  return { kind: 'ready', body: prepared, plan: notes === undefined ? plan : { ...plan, notes } };
}
