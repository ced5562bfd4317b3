import type { UpstreamRequest, Usage } from '@sluice/protocol';
import { noTokens } from '@sluice/records';
import type { AttemptResult } from './attempt-result.ts';
import type { EndedCall } from './account.ts';
import { type CountedTokens, countTokens } from './count-tokens.ts';
import { inputTokensOf } from './input-tokens.ts';
import type { BegunBatch } from './keep-open.ts';

/** The calls that embeddings of several batches make before the last one. Each is billed by itself. */
export interface BatchCalls {
  /** A call begins. @param number of the call among all of its request */
  begin(request: UpstreamRequest, number: number): void;
  /** Takes the usage of a call: of the one that has begun, or of the last one, which the attempt itself makes. */
  noteUsage(usage: Usage | undefined): void;
  /** Ends the call that has not told its usage, because it failed. */
  end(reason: AttemptResult): void;
  /** Usage of the last call; undefined if there were no batches. */
  readonly last: { readonly usage: Usage | undefined } | undefined;
  /** Number of calls so far. */
  readonly count: number;
}

interface OpenCall {
  readonly request: UpstreamRequest;
  readonly number: number;
  readonly startedAtMs: number;
}

export interface BatchListener {
  /** Called with each call that begins. */
  readonly onBegin: (call: BegunBatch) => void;
  /** Called with each call that has ended. */
  readonly onEnd: (call: EndedCall) => void;
}

export function createBatchCalls({ onBegin, onEnd }: BatchListener): BatchCalls {
  let open: OpenCall | undefined;
  let last: { readonly usage: Usage | undefined } | undefined;
  let count = 0;

  function settle(facts: Pick<EndedCall, 'outcome' | 'failureKind' | 'status' | 'counted' | 'usage'>): void {
    if (open === undefined) return;
    const { number, startedAtMs } = open;
    open = undefined;
    onEnd({ number, startedAtMs, ...facts });
  }

  const countedOf = (usage: Usage | undefined): CountedTokens =>
    countTokens({
      usage,
      arrived: undefined,
      promptTokens: () => (open === undefined ? 0 : inputTokensOf(open.request.body)),
    });

  return {
    begin(request, number) {
      count++;
      const startedAtMs = Date.now();
      open = { request, number, startedAtMs };
      onBegin({ number, startedAtMs, counted: countedOf(undefined) });
    },
    noteUsage(usage) {
      if (open === undefined) last = { usage };
      else settle({ outcome: 'complete', status: 200, counted: countedOf(usage), usage });
    },
    end(reason) {
      const failure = reason.kind === 'failed' ? reason.failure : undefined;
      const isFree = failure !== undefined && failure.kind !== 'timeout';
      settle({
        outcome: reason.kind === 'aborted' ? 'aborted' : 'failed',
        failureKind: failure?.kind,
        status: failure?.status,
        counted: isFree ? { tokens: noTokens, isEstimated: false } : countedOf(undefined),
        usage: undefined,
      });
    },
    get last() {
      return last;
    },
    get count() {
      return count;
    },
  };
}
