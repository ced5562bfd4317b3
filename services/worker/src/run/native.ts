import { targetName } from '@sluice/policy';
import type { NativeRequest, RetryState } from '@sluice/protocol';
import type { NativeAdapter, ProviderAdapter } from '@sluice/providers';
import type { Target } from '../targets/targets.ts';
import type { ClaimedRun } from './claimed-run.ts';

/** A request that a target gets in the client's own protocol. */
export interface NativeCall {
  readonly request: NativeRequest;
  readonly adapter: NativeAdapter;
}

/**
 * Returns the request in the client's own protocol if this target speaks it. An answer that broke off is resumed by a chat
 * request, because only the translation knows the text that the client has.
 */
export function nativeOf(
  { native, delivered }: Pick<ClaimedRun, 'native' | 'delivered'>,
  target: Pick<Target, 'adapter'>,
): NativeCall | undefined {
  const { native: adapter } = target.adapter;
  return native === undefined || delivered !== undefined || adapter?.protocol !== native.protocol
    ? undefined
    : { request: native, adapter };
}

/** Leaves out signed reasoning if this target has refused it before. */
export function fittedNative(
  call: NativeCall,
  target: Pick<Target, 'upstream' | 'model'>,
  { withoutThinking }: Pick<RetryState, 'withoutThinking'>,
): NativeCall {
  if (!withoutThinking.includes(targetName(target))) return call;
  return { ...call, request: call.adapter.withoutThinking?.(call.request) ?? call.request };
}

/** Returns the adapter of a target for one attempt in the client's own protocol: nothing is translated or fetched. */
export function passing(adapter: ProviderAdapter, { request, adapter: native }: NativeCall): ProviderAdapter {
  const { prepare: _prepare, capabilities, ...rest } = adapter;
  return {
    ...rest,
    capabilities: { ...capabilities, images: ['https', 'data'] },
    toUpstream: (_body, plan) => native.toUpstream(request, plan),
    translateStream: (_body, plan) => native.translateStream(plan),
    translateWhole: (text, _body, plan) => native.translateWhole(text, plan),
    toFailure: native.toFailure,
  };
}
