import { targetName, toClientError } from '@sluice/policy';
import { afterFailure } from './run/after-failure.ts';
import { createAnswer } from './answer/answer.ts';
import type { Course, RunNeeds, Turn } from './run/progress.ts';
import { endRound, waitForPreferred } from './run/wait.ts';
import { complete, giveUp } from './run/end-run.ts';
import type { Execution, Outcome } from './run/claimed-run.ts';
import { settleDoubts } from './run/judge.ts';
import { unservable } from './run/final-error.ts';
import { rememberImages, type RememberedImages } from './images/load-images.ts';
import { idsOf, logDetail } from './attempt/log-attempt.ts';
import type { ChosenAttempt } from './attempt.ts';
import { type Candidate, createPlan, type Found, offerCredentials } from './run/plan.ts';
import { createTally } from './run/tally.ts';
import { isAskedToStream } from './attempt/asks-stream.ts';

/** Without `timeouts.whole_attempt_ms`, the limit of a whole answer while another target is left. */
const wholeWithOthersMs = 60_000;

/**
 * Serves one run: plan, attempt, verdict, until there is an answer, no target is left, or the request has to wait.
 */
export async function run(needs: RunNeeds, execution: Execution): Promise<Outcome> {
  const images = rememberImages(needs.images, execution.run.signal);
  try {
    return await serve(needs, execution, images);
  } finally {
    images.close();
  }
}

async function serve(needs: RunNeeds, execution: Execution, images: RememberedImages): Promise<Outcome> {
  const course = begin(needs, execution, images);
  logDetail(needs.logger, 'run begins', () => ({ ...idsOf(execution), ...describeRun(course) }));
  if (course.plan.isEmpty) {
    const { lastFailure } = course.state;
    const error = lastFailure === undefined ? unservable(needs.targetsOf, execution.job) : toClientError(lastFailure);
    return { kind: 'error', error, attempts: course.tally.calls(), events: 0, lastFailure };
  }
  for (;;) {
    const step = await nextTurn(needs, course);
    const outcome = await follow(needs, course, step);
    if (outcome !== undefined) return outcome;
  }
}

function describeRun({ execution, plan, state }: Course): object {
  const { job, delivered } = execution;
  return {
    model: job.model,
    stream: job.stream,
    remaining_ms: Math.round(execution.remainingMs()),
    targets: plan.names(),
    attempts: state.attempts,
    has_delivered: delivered !== undefined,
  };
}

function follow(needs: RunNeeds, course: Course, step: Turn | Wait | undefined): Promise<Outcome | undefined> {
  if (step === undefined) return endRound(needs, course);
  return 'delayMs' in step ? waitForPreferred(needs, course, step) : take(needs, course, step);
}

function begin(needs: RunNeeds, execution: Execution, images: RememberedImages): Course {
  const { job, delivered } = execution;
  const targets = needs.targetsOf(job.model, job.operation);
  const tally = createTally(job.state, delivered);
  const answer = createAnswer(
    execution,
    tally,
    targets.some(({ maxContinuations }) => maxContinuations > 0),
  );
  const plan = createPlan(needs, {
    execution,
    targets,
    canContinue: answer.canContinue,
    hasDelivered: answer.hasDelivered,
  });
  const memory = { images, notes: new Map() };
  return { execution, plan, tally, answer, memory, state: job.state, events: 0, again: undefined, extended: undefined };
}

type Wait = Extract<Found, { kind: 'wait' }>;

/** Undefined when no target may be called now. */
async function nextTurn(needs: RunNeeds, course: Course): Promise<Turn | Wait | undefined> {
  const { execution, tally, answer, plan } = course;
  // A call after the deadline would be paid for without use.
  if (execution.remainingMs() <= 0) return undefined;
  if (course.extended !== undefined) return lengthen(needs, course, course.extended);
  if (tally.attempts >= needs.policy.maxAttempts) return undefined;
  const { again } = course;
  const found: Found | undefined =
    again === undefined ? await plan.next(course.state) : { kind: 'call', candidate: again };
  course.again = undefined;
  if (found?.kind !== 'call') return found;
  const { candidate } = found;
  const number = tally.begin();
  return {
    candidate,
    number,
    opening: answer.begin(candidate, course.state, () => onAnswer(needs, course, candidate)),
  };
}

/** Another attempt at the same target, on a credential that is free now. */
async function lengthen(
  needs: RunNeeds,
  course: Course,
  { candidate: { target, fitted } }: NonNullable<Course['extended']>,
): Promise<Turn | undefined> {
  const { execution, tally, answer } = course;
  if (tally.extensions >= target.maxContinuations) return undefined;
  const offer = offerCredentials(target, fitted, course.state);
  if (offer.ids.length === 0) return undefined;
  const ref = { upstreamId: target.upstream, model: target.model };
  // Without Redis no credential can be chosen; the answer so far is good all the same.
  const choice = await needs.health.choose(ref, offer.ids, execution.job).catch(needs.onError).finally(offer.close);
  if (choice?.kind !== 'go') return undefined;
  const candidate: Candidate = { target, fitted, ...choice };
  const number = tally.extend();
  return {
    candidate,
    number,
    opening: answer.extend(candidate, course.state, () => onAnswer(needs, course, candidate)),
  };
}

function onAnswer(needs: RunNeeds, { execution: { job }, state }: Course, candidate: Candidate): void {
  const { target, credentialId, isProbe, hasFailures } = candidate;
  const ref = { upstreamId: target.upstream, model: target.model };
  if (isProbe || hasFailures) needs.health.recovered(ref, { tenant: job.tenant, credentialId }).catch(needs.onError);
  settleDoubts(needs, candidate, state).catch(needs.onError);
}

/** Makes an attempt and decides what follows; undefined: another attempt. */
async function take(needs: RunNeeds, course: Course, turn: Turn): Promise<Outcome | undefined> {
  const { execution, plan, tally, memory } = course;
  const { candidate, opening, number } = turn;
  const { target, isProbe } = candidate;
  const stream = isAskedToStream(execution.job, target, execution.body);
  const isLimited = plan.hasAnother(target, course.state);
  const chosen: ChosenAttempt = {
    ...candidate,
    body: opening.body,
    stream,
    number,
    wholeMs: needs.timeouts.wholeAttemptMs ?? (isLimited ? wholeWithOthersMs : Number.POSITIVE_INFINITY),
  };
  logDetail(needs.logger, 'attempt begins', () => ({
    ...idsOf(execution),
    attempt: number,
    max_attempts: needs.policy.maxAttempts,
    target: targetName(target),
    credential: candidate.credentialId,
    is_probe: isProbe,
    stream,
    is_prefilled: opening.isPrefilled,
  }));
  const onCall = (): void => {
    if (execution.job.operation === 'embeddings') tally.countBatch();
  };
  const ref = { upstreamId: target.upstream, model: target.model };
  const abandon = (): Promise<void> => (isProbe ? needs.health.abandoned(ref) : Promise.resolve());
  const result = await needs
    .makeAttempt(execution, chosen, { memory, sink: opening.sink, onCall })
    .catch(async (error: unknown) => {
      await abandon();
      throw error;
    });
  course.events += result.events;
  // The provider may have begun on the call whose connection closed.
  if (result.wasResent && result.kind === 'failed') tally.countResend();
  switch (result.kind) {
    case 'complete':
      return complete(course, candidate, result);
    case 'aborted':
      await abandon();
      return giveUp(course, result);
    case 'failed':
      return afterFailure(needs, course, { turn, result });
  }
}
