import type { ChatBody, ResponseHead, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';

/**
 * Provider calls that precede the answer: the generator yields steps for the worker, receives their results, and
 * returns the prepared call. A network failure or a client that leaves ends it from outside; `tell` steps that a
 * `finally` block then yields are still carried out.
 */
export type Preparation = Generator<PreparationStep, Prepared, StepAnswer>;

export type PreparationStep =
  | { readonly kind: 'call'; readonly request: UpstreamRequest }
  /** Sends the request; the generator does not wait for its answer. */
  | { readonly kind: 'tell'; readonly request: UpstreamRequest }
  /** Waits for the given time. */
  | { readonly kind: 'wait'; readonly ms: number };

/** Answer to a step, whatever its status; an empty answer with status 0 if there is none. */
export interface StepAnswer {
  readonly head: ResponseHead;
  readonly text: string;
}

export type Prepared =
  | {
      readonly kind: 'ready';
      /** Replaces the client's request. */
      readonly body?: ChatBody;
      /** Value of `CallPlan.notes`. */
      readonly notes?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
