import type { ResponseHead, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import type { ChatBody } from './adapter.ts';

/**
 * A conversation with the provider that comes before the answer: yields what the worker shall do, gets back what came of
 * it, and returns how the call goes on. A failure of the network ends it from outside; so does a client that leaves:
 * what a `finally` block then has to tell the provider is still told.
 */
export type Preparation = Generator<PreparationStep, Prepared, StepAnswer>;

export type PreparationStep =
  | { readonly kind: 'call'; readonly request: UpstreamRequest }
  /** Make this call and go on: nobody waits for its answer. */
  | { readonly kind: 'tell'; readonly request: UpstreamRequest }
  /** A step that does nothing for the given time. */
  | { readonly kind: 'wait'; readonly ms: number };

/** The answer to a step, whatever its status; where nothing comes back, an empty answer with status 0. */
export interface StepAnswer {
  readonly head: ResponseHead;
  readonly text: string;
}

export type Prepared =
  | {
      readonly kind: 'ready';
      /** In place of the client's request. */
      readonly body?: ChatBody;
      /** For `CallPlan.notes`. */
      readonly notes?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
