import { targetName } from '@sluice/policy';
import type { UpstreamFailure } from '@sluice/protocol';
import type { WorkerMetrics } from '@sluice/telemetry';
import type { ImageFetcher } from '@sluice/upstream';
import type { AnswerSink } from './answer/answer-sink.ts';
import { accountFor, type AccountNeeds } from './attempt/account.ts';
import { accountForAttempt } from './attempt/account-attempt.ts';
import { type BatchCalls, createBatchCalls } from './attempt/batch-calls.ts';
import type { ChosenAttempt, ThrownFacts } from './attempt/chosen-attempt.ts';
import { type AttemptResult, withoutCall } from './attempt/attempt-result.ts';
import { idsOf, logDetail } from './attempt/log-attempt.ts';
import { keepBatchOpen } from './attempt/keep-open.ts';
import { makeCall, type MakeCallNeeds } from './attempt/make-call.ts';
import { type CallFacts, openCall, type OpenCallNeeds, type OpenedCall, type OpenedKey } from './attempt/open-call.ts';
import { redactFailure } from './attempt/redact-failure.ts';
import { endAttemptSpan, startAttemptSpan, traceToken } from './attempt/trace-attempt.ts';
import { believableUsage } from './run/believable-usage.ts';
import type { ClaimedRun } from './run/claimed-run.ts';
import type { Spent } from './run/tally.ts';
import type { Credential } from './targets/targets.ts';

/** State that the attempts of one run share. */
export interface AttemptMemory {
  readonly images: Pick<ImageFetcher, 'fetch'>;
  /** Results of attempts that a later one at the same target can use, by the target's name. */
  readonly notes: Map<string, Readonly<Record<string, string>>>;
}

export interface AttemptSeams {
  readonly memory: AttemptMemory;
  readonly sink: AnswerSink;
  /** Called for each call that the preparation makes. Returns its number if it is billed by itself. */
  readonly onCall: () => number | undefined;
  /** Called with the cost of each call. */
  readonly onSpent: (spent: Spent) => void;
}

export type MakeAttempt = (
  claimedRun: ClaimedRun,
  chosen: ChosenAttempt,
  seams: AttemptSeams,
) => Promise<AttemptResult>;

export interface MakeAttemptNeeds extends Omit<OpenCallNeeds, 'stepMs' | 'maxBodyBytes'>, AccountNeeds, MakeCallNeeds {
  readonly metrics: Pick<
    WorkerMetrics,
    'attemptEnded' | 'tokensBurnt' | 'chunkGap' | 'spent' | 'tokensBilled' | 'costDiffers'
  >;
  readonly onError: (error: unknown) => void;
  /** Called with the error that an adapter threw, and its place. */
  readonly onThrow: (error: unknown, where: ThrownFacts) => void;
}

/** Opens a call and makes it; records its span and metrics, and counts the load of its credential. */
export function createMakeAttempt(needs: MakeAttemptNeeds): MakeAttempt {
  const opening = { ...needs, stepMs: needs.timeouts.firstTokenMs, maxBodyBytes: needs.limits.maxBodyBytes };
  return async (claimedRun, chosen, seams) => {
    const { credential, giveBack } = chosen.target.pool.take(chosen.credentialId);
    try {
      return await attemptAs(opening, { claimedRun, chosen, credential, ...seams });
    } finally {
      giveBack();
    }
  };
}

interface AttemptFacts extends AttemptSeams {
  readonly claimedRun: ClaimedRun;
  readonly chosen: ChosenAttempt;
  readonly credential: Credential;
}

async function attemptAs(needs: MakeAttemptNeeds & OpenCallNeeds, facts: AttemptFacts): Promise<AttemptResult> {
  const { claimedRun, chosen } = facts;
  const { target } = chosen;
  const opening = await open(needs, facts);
  const { opened, calledAtMs, key, batches } = opening;
  const ids = (): object => ({ ...idsOf(claimedRun), attempt: chosen.number, target: targetName(target) });
  const span = startAttemptSpan(claimedRun, chosen, opening);
  const called =
    opened.kind === 'ready'
      ? await makeCall(needs, facts, { ...opening, opened, span, ids })
      : { ended: withoutCall(opened), called: undefined };
  const { ended } = called;
  batches.end(ended);
  const spent = called.called && accountForAttempt(needs, facts, { ended, ...called.called, batches, calledAtMs });
  const { token } = key ?? {};
  const isTokenRefused = isRefusal(ended) && token !== undefined;
  if (isTokenRefused) await needs.tokens?.refuse(token.credential, token.version).catch(needs.onError);
  const wasCalled = ended.wasCalled || opening.calls > 0;
  const result = { ...withoutSecrets(ended, opening.secrets), wasCalled, isTokenRefused };
  endAttemptSpan(span, result, spent);
  needs.metrics.attemptEnded(target.upstream, outcomes[result.kind]);
  if (result.kind === 'failed') needs.metrics.tokensBurnt(target.upstream, result.received);
  logDetail(needs.logger, 'attempt ended', () => ({
    ...ids(),
    outcome: outcomes[result.kind],
    finish_reason: result.kind === 'complete' ? result.summary.finishReason : undefined,
    events: result.events,
    duration_ms: Date.now() - calledAtMs,
  }));
  return result;
}

const outcomes = { complete: 'complete', failed: 'error', aborted: 'cancelled' } as const;

const isRefusal = (result: AttemptResult): boolean =>
  result.kind === 'failed' && result.failure.kind === 'authentication' && result.events === 0;

/** A call that was opened, or the reason why it could not be, with the facts that the opening found. */
interface Opening {
  readonly opened: OpenedCall;
  /** Undefined if there is no key or access token. */
  readonly key: OpenedKey | undefined;
  /** Number of calls that the preparation made. */
  readonly calls: number;
  /** Those of them that are billed by themselves. */
  readonly batches: BatchCalls;
  /** Time at which the key was available, ms since 1970. */
  readonly calledAtMs: number;
  readonly secrets: () => readonly string[];
  readonly onThrow: (error: unknown) => void;
}

async function open(needs: MakeAttemptNeeds & OpenCallNeeds, facts: AttemptFacts): Promise<Opening> {
  const { claimedRun, chosen, credential } = facts;
  const { target } = chosen;
  const { upstream, model, adapter } = target;
  const askedAtMs = Date.now();
  let calledAtMs = askedAtMs;
  let key: OpenedKey | undefined;
  let calls = 0;
  const secrets = (): readonly string[] => [
    ...(key?.apiKey === undefined ? [] : [key.apiKey]),
    ...(adapter.secrets ?? []),
    ...target.secrets,
  ];
  const batches = createBatchCalls({
    onBegin: (begun) => keepBatchOpen(needs, facts, begun),
    onEnd: (ended) => facts.onSpent(accountFor(needs, facts, ended)),
  });
  const onThrow = once((error: unknown) => {
    needs.onThrow(error, { requestId: claimedRun.job.requestId, upstream, model, secrets: secrets() });
  });
  const opened = await openCall(needs, {
    claimedRun,
    target,
    credential,
    body: chosen.body,
    stream: chosen.stream,
    ...notesOf(facts),
    onKey(taken) {
      key = taken;
      calledAtMs = Date.now();
      traceToken(claimedRun, chosen, { key: taken, askedAtMs, calledAtMs });
    },
    onCall(request) {
      calls++;
      const number = facts.onCall();
      if (number !== undefined) batches.begin(request, number);
    },
    noteUsage: (usage) => batches.noteUsage(believableUsage(usage, chosen.body)),
    onThrow,
  });
  return { opened, key, calls, batches, calledAtMs, secrets, onThrow };
}

/** Reports the first error only: an adapter that throws once often throws again while the attempt ends. */
function once(tell: (error: unknown) => void): (error: unknown) => void {
  let isTold = false;
  return (error) => {
    if (!isTold) tell(error);
    isTold = true;
  };
}

function notesOf({ memory, chosen: { target } }: AttemptFacts): Pick<CallFacts, 'images' | 'notes' | 'keepNotes'> {
  const name = targetName(target);
  return {
    images: memory.images,
    notes: memory.notes.get(name),
    keepNotes: (notes) => void memory.notes.set(name, notes),
  };
}

function withoutSecrets(result: AttemptResult, secrets: () => readonly string[]): AttemptResult {
  if (result.kind !== 'failed') return result;
  return { ...result, failure: redactFailure(withSaneNumbers(result.failure), secrets()) };
}

/** Drops a `retryAfterMs` that is not a valid time: numbers of a provider are untrusted input. */
function withSaneNumbers(failure: UpstreamFailure): UpstreamFailure {
  const { retryAfterMs } = failure;
  const isSane = retryAfterMs === undefined || (Number.isFinite(retryAfterMs) && retryAfterMs >= 0);
  return { ...failure, retryAfterMs: isSane ? retryAfterMs : undefined };
}
