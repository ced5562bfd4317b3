import { targetName, toClientError } from '@sluice/policy';
import { createAnswer } from './answer/answer.ts';
import type { ChosenAttempt } from './attempt/chosen-attempt.ts';
import { asksStream } from './attempt/asks-stream.ts';
import type { AttemptResult } from './attempt/attempt-result.ts';
import { idsOf, logDetail } from './attempt/log-attempt.ts';
import { rememberImages, type RememberedImages } from './images/load-images.ts';
import { afterFailure } from './run/after-failure.ts';
import type { ClaimedRun, Outcome } from './run/claimed-run.ts';
import { complete, giveUp } from './run/end-run.ts';
import { noTargetError } from './run/final-error.ts';
import { passing } from './run/native.ts';
import { nextAttempt } from './run/next-attempt.ts';
import { type Candidate, createPlan } from './run/plan.ts';
import type { NextAttempt, RunNeeds, RunProgress } from './run/progress.ts';
import { RunError } from './run/run-error.ts';
import { createTally, type Spent, spentIn, type Tally } from './run/tally.ts';
import { waitForPreferred, endRound } from './run/wait.ts';

/** Default of `timeouts.whole_attempt_ms`: the limit of a whole answer while another target is left. */
const wholeWithOthersMs = 60_000;

/**
 * Serves one run: plans, attempts and judges until there is an answer, no target is left, or the request has to wait.
 * @throws RunError
 */
export async function run(needs: RunNeeds, claimedRun: ClaimedRun): Promise<Outcome> {
  const images = rememberImages(needs.images, claimedRun.active.signal);
  try {
    return await serve(needs, claimedRun, images);
  } finally {
    images.close();
  }
}

async function serve(needs: RunNeeds, claimedRun: ClaimedRun, images: RememberedImages): Promise<Outcome> {
  const progress = begin(needs, claimedRun, images);
  logDetail(needs.logger, 'run begins', () => ({ ...idsOf(claimedRun), ...describeRun(progress) }));
  if (progress.plan.isEmpty) {
    const { lastFailure } = progress.state;
    const error =
      lastFailure === undefined ? noTargetError(needs.targetsOf, claimedRun.job) : toClientError(lastFailure);
    const outcome: Outcome = { kind: 'error', error, attempts: progress.tally.calls(), events: 0, lastFailure };
    return withSpent(outcome, progress.tally);
  }
  try {
    for (;;) {
      const outcome = await step(needs, progress);
      if (outcome !== undefined) return withSpent(outcome, progress.tally);
    }
  } catch (error) {
    throw new RunError(error, progress.tally);
  }
}

/** The other outcomes have the cost in their payload. */
function withSpent(outcome: Outcome, tally: Tally): Outcome {
  const spent = outcome.kind === 'error' ? spentIn(tally) : undefined;
  return outcome.kind === 'error' && spent !== undefined ? { ...outcome, spent } : outcome;
}

/** Makes the next attempt, or waits. Returns undefined if the run continues. */
async function step(needs: RunNeeds, progress: RunProgress): Promise<Outcome | undefined> {
  const next = await nextAttempt(needs, progress);
  switch (next.kind) {
    case 'attempt':
      return follow(needs, progress, { next: next.attempt, result: await take(needs, progress, next.attempt) });
    case 'wait':
      return waitForPreferred(needs, progress, next);
    case 'none':
      return endRound(needs, progress);
  }
}

function describeRun({ claimedRun, plan, state }: RunProgress): object {
  const { job, delivered } = claimedRun;
  return {
    model: job.model,
    stream: job.stream,
    remaining_ms: Math.round(claimedRun.remainingMs()),
    targets: plan.names(),
    attempts: state.attempts,
    has_delivered: delivered !== undefined,
  };
}

function begin(needs: RunNeeds, claimedRun: ClaimedRun, images: RememberedImages): RunProgress {
  const { job, delivered } = claimedRun;
  const targets = needs.targetsOf(job.model, job.operation);
  const tally = createTally(job.state, delivered);
  const answer = createAnswer(
    claimedRun,
    tally,
    targets.some(({ maxContinuations }) => maxContinuations > 0),
  );
  const plan = createPlan(needs, {
    claimedRun,
    targets,
    canContinue: answer.canContinue,
    hasDelivered: answer.hasDelivered,
  });
  const memory = { images, notes: new Map() };
  return { claimedRun, plan, tally, answer, memory, state: job.state, again: undefined, extended: undefined };
}

/** Makes an attempt and counts it. */
async function take(
  needs: RunNeeds,
  { claimedRun, plan, tally, memory, state }: RunProgress,
  { candidate, opening, number }: NextAttempt,
): Promise<AttemptResult> {
  const { native } = opening;
  const { target } = candidate;
  const stream = asksStream(claimedRun, { candidate, opening });
  const isLimited = plan.hasAnother(target, state);
  const chosen: ChosenAttempt = {
    ...candidate,
    ...(native === undefined ? {} : { target: { ...target, adapter: passing(target.adapter, native) } }),
    body: opening.body,
    stream,
    number,
    wholeMs: needs.timeouts.wholeAttemptMs ?? (isLimited ? wholeWithOthersMs : Number.POSITIVE_INFINITY),
  };
  logDetail(needs.logger, 'attempt begins', () => ({
    ...idsOf(claimedRun),
    attempt: number,
    max_attempts: needs.policy.maxAttempts,
    target: targetName(target),
    credential: candidate.credentialId,
    is_probe: candidate.isProbe,
    stream,
    is_prefilled: opening.isPrefilled,
    is_native: native !== undefined,
  }));
  const seams = {
    memory,
    sink: opening.sink,
    onCall: () => (claimedRun.job.operation === 'embeddings' ? tally.countBatch() : undefined),
    onSpent: (spent: Spent) => tally.spend(spent),
  };
  let result;
  try {
    result = await needs.makeAttempt(claimedRun, chosen, seams);
  } catch (error) {
    await abandonProbe(needs, candidate);
    throw error;
  }
  tally.pass(result.events);
  // The provider may have started to work on the request before the connection closed.
  if (result.wasResent && result.kind === 'failed') tally.countResend();
  return result;
}

interface TakenAttempt {
  readonly next: NextAttempt;
  readonly result: AttemptResult;
}

/** Decides what follows an attempt. Returns undefined if another attempt follows. */
async function follow(
  needs: RunNeeds,
  progress: RunProgress,
  { next, result }: TakenAttempt,
): Promise<Outcome | undefined> {
  switch (result.kind) {
    case 'complete':
      return complete(progress, next.candidate, result);
    case 'aborted':
      await abandonProbe(needs, next.candidate);
      return giveUp(progress, result);
    case 'failed':
      return afterFailure(needs, progress, { next, result });
  }
}

async function abandonProbe({ health }: RunNeeds, { target, isProbe }: Candidate): Promise<void> {
  if (isProbe) await health.abandoned({ upstreamId: target.upstream, model: target.model });
}
