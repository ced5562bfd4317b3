import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '@sluice/config';
import { nextStep, targetName, toClientError } from '@sluice/policy';
import { type End, GatewayError, type RetryState } from '@sluice/protocol';
import type { ImageFetcher } from '@sluice/upstream';
import type { WorkerMetrics } from '@sluice/telemetry';
import { type Answer, createAnswer, type Opening } from './answer.ts';
import { believableUsage } from './believable-usage.ts';
import type { Execution, Outcome } from './execution.ts';
import { type FailedAttempt, judge, type JudgeNeeds, settleDoubts, tenantOf, withLastFailure } from './judge.ts';
import { lastWord, tooLate, unservable } from './last-word.ts';
import { rememberImages } from './load-images.ts';
import { logFailedAttempt, type Warner } from './log-attempt.ts';
import type { Attempted, ChosenAttempt, MakeAttempt, RunMemory } from './make-attempt.ts';
import { type Candidate, createPlan, type Plan } from './plan.ts';
import { createTally, type Tally } from './tally.ts';
import type { Target, TargetsOf } from './targets.ts';
import { isAskedToStream } from './whole-answers.ts';

export interface RunNeeds extends JudgeNeeds {
  readonly targetsOf: TargetsOf;
  readonly makeAttempt: MakeAttempt;
  readonly images: Pick<ImageFetcher, 'fetch'>;
  readonly metrics: Pick<WorkerMetrics, 'retried' | 'credentialCooledDown'>;
  readonly timeouts: Pick<Config['timeouts'], 'wholeAttemptMs'>;
  readonly logger: Warner;
  readonly onError: (error: unknown) => void;
}

/** Where a run stands between two attempts. */
interface Course {
  readonly execution: Execution;
  readonly plan: Plan;
  readonly tally: Tally;
  readonly answer: Answer;
  readonly memory: RunMemory;
  state: RetryState;
  /** Upstream events that were passed on. */
  events: number;
  /** The same credential once more, with another access token. */
  again: Candidate | undefined;
  /** The answer has met its limit and is to be lengthened; an attempt that fails leaves it as it is. */
  extended: { readonly target: Target; readonly candidate: Candidate; readonly end: End } | undefined;
}

/** The next attempt. */
interface Turn {
  readonly candidate: Candidate;
  readonly opening: Opening;
  readonly number: number;
}

/** Without a setting, a provider that gives whole answers may take so long while another target is left. */
const wholeWithOthersMs = 60_000;
/** A request whose attempts have found out what would be lost with the run waits here for so long at most. */
const longestWaitMs = 10_000;

/**
 * Serves one run: plan, attempt, verdict, until there is an answer or nobody is left to ask. Waits are not taken here,
 * where they would hold a worker's slot: the ingress gets the request back with the time to try again.
 */
export async function run(needs: RunNeeds, execution: Execution): Promise<Outcome> {
  const course = begin(needs, execution);
  if (course.plan.isEmpty) {
    const error = unservable(needs.targetsOf, execution.job);
    return { kind: 'error', error, attempts: course.tally.calls, events: 0 };
  }
  for (;;) {
    const turn = await nextTurn(needs, course);
    const outcome = turn === undefined ? await endRound(needs, course) : await take(needs, course, turn);
    if (outcome !== undefined) return outcome;
  }
}

function begin(needs: RunNeeds, execution: Execution): Course {
  const { job, delivered, run } = execution;
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
    hasDelivered: () => answer.hasDelivered,
  });
  const memory = { images: rememberImages(needs.images, run.signal), notes: new Map() };
  return { execution, plan, tally, answer, memory, state: job.state, events: 0, again: undefined, extended: undefined };
}

/** Undefined when no target may be called now. */
async function nextTurn(needs: RunNeeds, course: Course): Promise<Turn | undefined> {
  const { execution, tally, answer, plan } = course;
  // A call that begins after the deadline can only be paid for in vain.
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
  const { tally, answer } = course;
  if (tally.extensions >= target.maxContinuations) return undefined;
  const offer = target.pool.offer();
  const ref = { upstreamId: target.upstream, model: target.model };
  // Without Redis nobody knows of a credential; what there is of the answer is good all the same.
  const choice = await needs.health.choose(ref, offer.ids).catch(needs.onError).finally(offer.close);
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
  const { target, isProbe, hasFailures } = candidate;
  const ref = { upstreamId: target.upstream, model: target.model };
  if (isProbe || hasFailures) needs.health.recovered(ref, tenantOf(job)).catch(needs.onError);
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
  switch (result.kind) {
    case 'complete':
      return complete(course, candidate, result);
    case 'aborted':
      await abandon();
      return giveUp(course, result);
    case 'failed':
      logFailedAttempt(needs.logger, execution, { chosen, result });
      return fail(needs, course, { turn, result });
  }
}

function complete(course: Course, candidate: Candidate, result: Attempted & { kind: 'complete' }): Outcome | undefined {
  const { answer, tally } = course;
  const { summary } = result;
  const mayGrow = answer.endAttempt(summary.usage) && summary.finishReason === 'length';
  course.extended = { target: candidate.target, candidate, end: { ...summary, events: 0, burntTokens: 0 } };
  if (mayGrow && tally.extensions < candidate.target.maxContinuations) return undefined;
  return end(course, course.extended.end);
}

/** The answer is as complete as it gets. */
function end({ answer, tally, events, execution }: Course, last: End): Outcome {
  answer.close();
  const usage = believableUsage(answer.usage ?? last.usage, execution.body);
  const { burntTokens, extensions, calls } = tally;
  const counted = extensions > 0 ? { continuations: extensions } : {};
  return { kind: 'end', end: { ...last, usage, events, burntTokens, ...counted }, attempts: calls };
}

function giveUp({ execution, state, tally, events }: Course, { received }: Attempted): Outcome {
  const isDraining = execution.run.signal.reason === 'draining';
  const error = new GatewayError(isDraining ? 'worker_lost' : 'request_cancelled');
  if (!isDraining) return { kind: 'error', error, attempts: tally.calls, events };
  tally.burn(received);
  return { kind: 'retry', delayMs: 0, state: tally.into(state), error };
}

interface FailedTurn {
  readonly turn: Turn;
  readonly result: FailedAttempt;
}

async function fail(needs: RunNeeds, course: Course, { turn, result }: FailedTurn): Promise<Outcome | undefined> {
  const { execution, tally, plan } = course;
  const { candidate, opening } = turn;
  const { failure, events } = result;
  const name = targetName(candidate.target);
  const isPrefillRefused = opening.isPrefilled && failure.kind === 'invalid_request' && events === 0;
  const reason = toClientError(failure);
  const retried = (): void => needs.metrics.retried(candidate.target.upstream, reason.code);

  if (result.isTokenRefused && mayRenewToken(needs, course, candidate)) {
    await renewToken(needs, course, candidate);
    course.state = withLastFailure(course.state, failure);
    retried();
    return undefined;
  }
  let isFinal = false;
  if (isPrefillRefused && course.extended === undefined) {
    course.state = { ...course.state, withoutPrefill: [...course.state.withoutPrefill, name] };
  } else {
    const judged = await judge(needs, { job: execution.job, candidate, result, plan, state: course.state });
    ({ isFinal } = judged);
    course.state = judged.state;
    tally.burn(result.received);
  }
  if (course.extended !== undefined) {
    if (!isPrefillRefused) return end(course, course.extended.end);
    course.state = { ...course.state, withoutPrefill: [...course.state.withoutPrefill, name] };
    return undefined;
  }
  const isAtEnd = tally.attempts >= needs.policy.maxAttempts || execution.remainingMs() <= 0;
  if (isFinal || (events > 0 && isAtEnd)) return { kind: 'error', error: reason, attempts: tally.calls, events };
  retried();
  // What the client has of the answer, the ingress alone knows.
  return events > 0 ? { kind: 'retry', delayMs: 0, state: tally.into(course.state), error: reason } : undefined;
}

const renewedName = ({ target, credentialId }: Candidate): string => `${target.upstream}/${credentialId}`;

/** With another access token the same credential may do; a provider that refuses that too means the credential. */
const mayRenewToken = ({ policy }: RunNeeds, { tally, state, extended }: Course, candidate: Candidate): boolean =>
  extended === undefined &&
  tally.attempts < policy.maxAttempts &&
  !state.renewedTokens.includes(renewedName(candidate));

async function renewToken(needs: RunNeeds, course: Course, candidate: Candidate): Promise<void> {
  const { target, isProbe } = candidate;
  const { state } = course;
  course.state = { ...state, renewedTokens: [...state.renewedTokens, renewedName(candidate)] };
  const ref = { upstreamId: target.upstream, model: target.model };
  // The target was there to refuse it.
  if (isProbe) await needs.health.recovered(ref, tenantOf(course.execution.job));
  course.again = { ...candidate, isProbe: false };
}

/** Every target has had its chance; undefined: another round begins here. */
async function endRound(needs: RunNeeds, course: Course): Promise<Outcome | undefined> {
  const { execution, plan, tally, state, memory } = course;
  if (course.extended !== undefined) return end(course, course.extended.end);
  const { standings } = plan;
  const remainingMs = execution.remainingMs();
  const lastFailure = state.lastFailure ?? plan.misfit;
  if (remainingMs <= 0) {
    return { kind: 'error', error: toClientError(lastFailure ?? tooLate), attempts: tally.calls, events: 0 };
  }
  const { policy, random } = needs;
  const step = nextStep({ policy, state: tally.into(state), standings, remainingMs, random });
  const error = lastWord({ step, lastFailure, standings });
  if (step.kind === 'fail') return { kind: 'error', error, attempts: tally.calls, events: 0 };
  if (memory.notes.size === 0 || step.delayMs > longestWaitMs) {
    return { kind: 'retry', delayMs: step.delayMs, state: step.state, error };
  }
  await sleep(step.delayMs, undefined, { signal: execution.run.signal }).catch(() => undefined);
  if (execution.run.signal.aborted) return giveUp(course, idle);
  course.state = step.state;
  plan.beginRound();
  return undefined;
}

const idle: Attempted = { kind: 'aborted', events: 0, received: 0, wasCalled: false, isTokenRefused: false };
