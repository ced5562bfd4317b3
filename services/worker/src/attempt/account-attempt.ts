import { noTokens } from '@sluice/records';
import type { ClaimedRun } from '../run/claimed-run.ts';
import type { Spent } from '../run/tally.ts';
import type { Arrival } from '../upstream/read-answer.ts';
import { accountFor, type AccountNeeds, type EndedCall } from './account.ts';
import type { AttemptResult } from './attempt-result.ts';
import type { BatchCalls } from './batch-calls.ts';
import { billOf } from './bill.ts';
import type { ChosenAttempt } from './chosen-attempt.ts';

/** The part of an answer that has arrived, with the time of its beginning. */
export interface Arrived extends Arrival {
  /** Time to first token; undefined without output. */
  readonly ttftMs: number | undefined;
}

export interface EndedAttempt {
  readonly ended: AttemptResult;
  readonly arrival: Arrived;
  /** Estimates the prompt of the attempt's own call. */
  readonly promptTokens: () => number;
  readonly batches: Pick<BatchCalls, 'last' | 'count'>;
  /** Milliseconds since 1970. */
  readonly calledAtMs: number;
}

interface AttemptOwner {
  readonly claimedRun: Pick<ClaimedRun, 'job'>;
  readonly chosen: ChosenAttempt;
  readonly onSpent: (spent: Spent) => void;
}

/** Counts the tokens and the cost of the attempt's own call. Returns the cost. */
export function accountForAttempt(
  needs: AccountNeeds,
  owner: AttemptOwner,
  { ended, arrival, promptTokens, batches, calledAtMs }: EndedAttempt,
): Spent {
  const { chosen, onSpent } = owner;
  const bill = billOf({ body: chosen.body, promptTokens, ending: ended, arrival, own: batches.last });
  const call: EndedCall = {
    number: chosen.number,
    startedAtMs: calledAtMs,
    outcome: ended.kind,
    failureKind: ended.kind === 'failed' ? ended.failure.kind : undefined,
    status: arrival.status,
    ttftMs: arrival.ttftMs,
    counted: bill,
    usage: bill.usage,
  };
  const spent = accountFor(needs, owner, call);
  onSpent(spent);
  // `Tally.countResend` counts the first sending of the request after the calls of the attempt.
  if (ended.wasResent && ended.kind === 'failed') {
    accountFor(needs, owner, {
      number: chosen.number + batches.count + 1,
      startedAtMs: calledAtMs,
      outcome: 'failed',
      failureKind: 'network',
      counted: { tokens: noTokens, isEstimated: false },
      usage: undefined,
    });
  }
  return spent;
}
