import { attemptId } from '@sluice/records';
import type { ClaimedRun } from '../run/claimed-run.ts';
import type { Arrival } from '../upstream/read-answer.ts';
import { type AccountNeeds, type CallOwner, type EndedCall, entryOf } from './account.ts';
import { type Bill, billOf } from './bill.ts';
import type { ChosenAttempt } from './chosen-attempt.ts';
import type { CountedTokens } from './count-tokens.ts';

type KeepNeeds = Pick<AccountNeeds, 'openAttempts' | 'pricing'>;

/** A call of embeddings before the last one: nothing of its answer arrives before the whole. */
export interface BegunBatch {
  /** Number of the call among all of its request. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly counted: CountedTokens;
}

/** Keeps the ledger entry that a batch gets if this process dies before its answer. */
export function keepBatchOpen(needs: KeepNeeds, owner: CallOwner, { number, startedAtMs, counted }: BegunBatch): void {
  const { openAttempts } = needs;
  if (openAttempts === undefined) return;
  const lost: EndedCall = { number, startedAtMs, outcome: 'lost', counted, usage: undefined };
  openAttempts.open({
    id: idOf(owner, number),
    isStreamed: false,
    progress: () => 0,
    entry: () => JSON.stringify(entryOf(needs, owner, lost)),
  });
}

export interface BegunCall {
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Estimates the prompt of this call. */
  readonly promptTokens: () => number;
  /** Returns the part of the answer that has arrived by now. */
  readonly arrival: () => Arrival;
}

/** Keeps the ledger entry that the attempt's own call gets if this process dies: it is billed as an aborted one. */
export function keepOpen(
  needs: KeepNeeds,
  owner: CallOwner & { readonly claimedRun: ClaimedRun; readonly chosen: ChosenAttempt },
  begun: BegunCall,
): void {
  const { openAttempts } = needs;
  if (openAttempts === undefined) return;
  const { job, delivered } = owner.claimedRun;
  const { number } = owner.chosen;
  const { startedAtMs, arrival } = begun;
  openAttempts.open({
    id: idOf(owner, number),
    // The client gets nothing while an answer repeats what was delivered before.
    isStreamed: job.stream && delivered === undefined,
    progress: () => progressOf(arrival()),
    entry() {
      const { usage, ...counted } = billSoFar(owner.chosen, begun);
      const estimate = { ...counted, isEstimated: true };
      const { status } = arrival();
      const lost: EndedCall = { number, startedAtMs, outcome: 'lost', status, counted: estimate, usage };
      return JSON.stringify(entryOf(needs, owner, lost));
    },
  });
}

/** Returns what the call would cost if it was given up now. */
export const billSoFar = ({ body }: ChosenAttempt, { promptTokens, arrival }: BegunCall): Bill =>
  billOf({ body, promptTokens, ending: { kind: 'aborted' }, arrival: arrival(), own: undefined });

const idOf = ({ claimedRun: { job } }: CallOwner, number: number): string =>
  attemptId({ requestId: job.requestId, epoch: job.epoch, number });

/** An error status makes the call free, and a whole answer tells its usage. */
function progressOf({ status = 0, answer, whole }: Arrival): number {
  const events = answer === undefined ? 0 : answer.outputEvents + answer.reasoningEvents;
  return status + events + (whole === undefined ? 0 : 1);
}
