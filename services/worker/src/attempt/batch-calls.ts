import { estimateTokens } from '@sluice/policy';
import type { UpstreamRequest, Usage } from '@sluice/protocol';
import { noTokens } from '@sluice/records';
import type { AttemptResult } from './attempt-result.ts';
import type { EndedCall } from './account.ts';
import { type CountedTokens, countTokens } from './count-tokens.ts';

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

/** @param onEnd called with each call that has ended */
export function createBatchCalls(onEnd: (call: EndedCall) => void): BatchCalls {
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
    countTokens({ usage, arrived: undefined, promptTokens: () => tokensOf(open?.request) });

  return {
    begin(request, number) {
      count++;
      open = { request, number, startedAtMs: Date.now() };
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

/** Members of providers' bodies that hold the inputs, as texts or as tokens. */
const inputMembers: ReadonlySet<string> = new Set(['input', 'text', 'texts']);

/** Estimates the tokens of the inputs alone: around short ones, some providers' bodies are several times as long. */
function tokensOf(request: UpstreamRequest | undefined): number {
  let textBytes = 0;
  let tokens = 0;
  function visit(value: unknown, isInput: boolean): void {
    if (typeof value === 'string' && isInput) textBytes += Buffer.byteLength(value);
    else if (typeof value === 'number' && isInput) tokens++;
    else if (Array.isArray(value)) for (const item of value) visit(item, isInput);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) visit(member, isInput || inputMembers.has(name));
    }
  }
  visit(parse(request?.body), false);
  return tokens + (textBytes > 0 ? estimateTokens({ textBytes, media: 0 }) : 0);
}

function parse(body: UpstreamRequest['body'] | undefined): unknown {
  try {
    return JSON.parse(String(body ?? '')) as unknown;
  } catch {
    return undefined;
  }
}
