import { setTimeout as sleep } from 'node:timers/promises';
import { nextStep, toClientError } from '@sluice/policy';
import { afterFailure } from './after-failure.ts';
import { createAnswer } from './answer.ts';
import type { Course, RunNeeds, Turn } from './course.ts';
import { complete, end, giveUp } from './end-run.ts';
import type { Execution, Outcome } from './execution.ts';
import { settleDoubts } from './judge.ts';
import { lastWord, tooLate, unservable } from './last-word.ts';
import { rememberImages, type RememberedImages } from './load-images.ts';
import { logFailedAttempt } from './log-attempt.ts';
import type { Attempted, ChosenAttempt } from './make-attempt.ts';
import { type Candidate, createPlan } from './plan.ts';
import { createTally } from './tally.ts';
import { isAskedToStream } from './whole-answers.ts';

/** Without `timeouts.whole_attempt_ms`, the limit of a whole answer while another target is left. */
const wholeWithOthersMs = 60_000;
/** Longest wait in the worker, for requests whose attempts keep notes: another run would not have them. */
const longestWaitMs = 10_000;

/**
 * Serves one run: plan, attempt, verdict, until there is an answer or no target is left. A wait would hold a worker's
 * slot: the ingress gets the request back with the time to wait, save for the short wait of `longestWaitMs`.
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
  if (course.plan.isEmpty) {
    const { lastFailure } = course.state;
    const error = lastFailure === undefined ? unservable(needs.targetsOf, execution.job) : toClientError(lastFailure);
    return { kind: 'error', error, attempts: course.tally.calls(), events: 0, lastFailure };
  }
  for (;;) {
    const turn = await nextTurn(needs, course);
    const outcome = turn === undefined ? await endRound(needs, course) : await take(needs, course, turn);
    if (outcome !== undefined) return outcome;
  }
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

/** Undefined when no target may be called now. */
async function nextTurn(needs: RunNeeds, course: Course): Promise<Turn | undefined> {
  const { execution, tally, answer, plan } = course;
  // A call after the deadline would be paid for without use.
  if (execution.remainingMs() <= 0) return undefined;
  if (course.extended !== undefined) return lengthen(needs, course, course.extended);
  if (tally.attempts >= needs.policy.maxAttempts) return undefined;
  const candidate = course.again ?? (await plan.next(course.state));
  course.again = undefined;
  if (candidate === undefined) return undefined;
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
  const offer = target.pool.offer();
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
      logFailedAttempt(needs.logger, execution, { chosen, result });
      return afterFailure(needs, course, { turn, result });
  }
}

/** Ends a round in which every target had its chance; undefined: another round begins. */
async function endRound(needs: RunNeeds, course: Course): Promise<Outcome | undefined> {
  const { execution, plan, tally, state, memory } = course;
  if (course.extended !== undefined) return end(course, course.extended.end);
  const standings = plan.standings();
  const remainingMs = execution.remainingMs();
  const lastFailure = state.lastFailure ?? plan.misfit;
  if (remainingMs <= 0) {
    const error = toClientError(lastFailure ?? tooLate);
    return { kind: 'error', error, attempts: tally.calls(), events: 0, lastFailure: state.lastFailure };
  }
  const { policy, random } = needs;
  const step = nextStep({ policy, state: tally.into(state), standings, remainingMs, random });
  const error = lastWord({ step, lastFailure, standings });
  if (step.kind === 'fail') {
    return { kind: 'error', error, attempts: tally.calls(), events: 0, lastFailure: state.lastFailure };
  }
  if (memory.notes.size === 0 || step.delayMs > longestWaitMs) {
    return { kind: 'retry', delayMs: step.delayMs, state: step.state, error };
  }
  await sleep(step.delayMs, undefined, { signal: execution.run.signal }).catch(() => undefined);
  if (execution.run.signal.aborted) return giveUp(course, idle);
  course.state = step.state;
  plan.beginRound();
  return undefined;
}

const idle: Attempted = {
  kind: 'aborted',
  events: 0,
  received: 0,
  wasCalled: false,
  wasResent: false,
  isTokenRefused: false,
};
