import type { UpstreamHealth } from '@sluice/admission';
import {
  type ChatJob,
  type Delivered,
  type End,
  type ErrorCode,
  GatewayError,
  type RetryState,
  type UpstreamFailure,
} from '@sluice/protocol';
import {
  backoffMs,
  classify,
  isCredentialRefused,
  type NextStep,
  nextStep,
  planTargets,
  type RetryPolicy,
  type Standing,
  targetName,
  toClientError,
} from '@sluice/policy';
import { type ChatBody, fitRequest } from '@sluice/providers';
import type { Publisher } from '@sluice/relay';
import { droppedParametersAttribute, type SpanHandle, type WorkerMetrics } from '@sluice/telemetry';
import type { ActiveRun } from './active-runs.ts';
import type { CallTarget, ChosenCall } from './call-target.ts';
import { answerInFull, type FailedAttempt, type FullResult } from './continue-answer.ts';
import { goOn } from './go-on.ts';
import type { Target, TargetsOf } from './targets.ts';

/** One run of a request, claimed and ready. */
export interface Execution {
  readonly job: ChatJob;
  readonly body: ChatBody;
  /** What the client has of an answer that broke off. */
  readonly delivered: Delivered | undefined;
  readonly run: ActiveRun;
  readonly publisher: Publisher;
  /** Milliseconds until the request's deadline. */
  readonly remainingMs: () => number;
  /** The logical call; attempts are its children. */
  readonly span: SpanHandle;
}

/** What came of a run. */
export type Outcome =
  | { readonly kind: 'end'; readonly end: End; readonly attempts: number }
  | {
      readonly kind: 'error';
      readonly error: GatewayError;
      readonly attempts: number;
      /** Upstream events that the client may have received before. */
      readonly events: number;
    }
  /** To be run again after the delay; `error` is why. */
  | { readonly kind: 'retry'; readonly delayMs: number; readonly state: RetryState; readonly error: GatewayError };

export interface ExecuteNeeds {
  readonly targetsOf: TargetsOf;
  readonly callTarget: CallTarget;
  readonly health: Pick<UpstreamHealth, 'choose' | 'rest' | 'failed' | 'recovered' | 'abandoned'>;
  readonly policy: RetryPolicy;
  readonly metrics: Pick<WorkerMetrics, 'retried' | 'credentialCooledDown'>;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
}

type Chosen = Omit<ChosenCall, 'attempts' | 'continuations' | 'rescue' | 'body'>;

/** How long a credential rests that the provider does not accept, or that has nothing left to spend. */
const refusedRestMs = 10_000;
const quotaRestMs = 60_000;

/**
 * Serves one run: goes through the targets until one has answered. Waits are not taken here, where they would hold a
 * worker's slot: the ingress gets the request back with the time to try again.
 */
export async function execute(needs: ExecuteNeeds, execution: Execution): Promise<Outcome> {
  const { job } = execution;
  const targets = planTargets(candidates(needs.targetsOf(job.model, job.operation), job.state), needs.random);
  if (targets.length === 0) return unservable(needs, job);
  const standings = new Map<Target, Standing>();
  const { bodies, misfit } = fitTo(targets, execution);
  for (const target of targets) if (!bodies.has(target)) standings.set(target, { kind: 'refused' });
  const continued = execution.delivered?.continuations ?? 0;
  let state: RetryState = job.state;
  let lastFailure: UpstreamFailure | undefined;
  let again: Chosen | undefined;

  async function onFailed(chosen: ChosenCall, result: FailedAttempt): Promise<void> {
    state = await learn({ needs, job, chosen, result, standings, state });
  }

  while (state.attempts < needs.policy.maxAttempts) {
    const chosen: Chosen | undefined = again ?? (await choose({ needs, job, targets, standings }));
    if (chosen === undefined) break;
    again = undefined;
    state = { ...state, attempts: state.attempts + 1 };
    const fitted = bodies.get(chosen.target) ?? execution.body;
    const { prefill, ...beginning } = goOn(execution.delivered, { target: chosen.target, fitted, state });
    const first = { ...chosen, ...beginning, continuations: continued, attempts: state.attempts + continued };
    const result = await answerInFull({ ...needs, onFailed }, execution, { first, fitted, prefill });
    if (result.kind !== 'failed') return conclude(execution, state, result);
    const { failure, events } = result;
    if (result.isTokenRefused === true && mayRenewToken(needs, state, chosen)) {
      lastFailure = failure;
      state = { ...state, renewedTokens: [...state.renewedTokens, credentialName(chosen)] };
      // It was there to refuse it.
      if (chosen.isProbe)
        await needs.health.recovered(
          { upstreamId: chosen.target.upstream, model: chosen.target.model },
          { tenant: job.tenant, credentialId: chosen.credentialId },
        );
      again = { ...chosen, isProbe: false };
      needs.metrics.retried(chosen.target.upstream, toClientError(failure).code);
      continue;
    }
    const isPrefillRefused =
      prefill !== 'none' && first.rescue === 'continue' && failure.kind === 'invalid_request' && events === 0;
    lastFailure = failure;
    state = isPrefillRefused
      ? { ...state, withoutPrefill: [...state.withoutPrefill, targetName(chosen.target)] }
      : await learn({ needs, job, chosen, result, standings, state });
    const isFinal = !isPrefillRefused && classify(failure).remedy === 'give_up';
    if (isFinal || (events > 0 && !mayGoOn(needs, execution, state))) {
      return { kind: 'error', error: toClientError(failure), attempts: first.attempts, events };
    }
    needs.metrics.retried(chosen.target.upstream, toClientError(failure).code);
    // What the client has of the answer, the ingress alone knows.
    if (events > 0) return { kind: 'retry', delayMs: 0, state, error: toClientError(failure) };
  }

  const step = nextStep({
    policy: needs.policy,
    state,
    standings: [...standings.values()],
    remainingMs: execution.remainingMs(),
    random: needs.random,
  });
  const error = errorOf(step, lastFailure ?? (bodies.size === 0 ? misfit : undefined));
  if (step.kind === 'wait') return { kind: 'retry', delayMs: step.delayMs, state: step.state, error };
  return { kind: 'error', error, attempts: state.attempts + continued, events: 0 };
}

interface Fit {
  /** The request as each target can serve it; nothing for those that can't. */
  readonly bodies: ReadonlyMap<Target, ChatBody>;
  /** Why the first of those can't. */
  readonly misfit: UpstreamFailure | undefined;
}

function fitTo(targets: readonly Target[], { body, job, span }: Execution): Fit {
  const bodies = new Map<Target, ChatBody>();
  let misfit: UpstreamFailure | undefined;
  for (const target of targets) {
    const fitted = fitRequest(body, target.adapter, { model: job.model, dropUnsupported: target.dropsUnsupported });
    if (fitted.kind === 'unsupported') misfit ??= fitted.failure;
    else bodies.set(target, fitted.body);
    if (fitted.kind === 'fits' && fitted.dropped.length > 0) span.set(droppedParametersAttribute(fitted.dropped));
  }
  return { bodies, misfit };
}

/** Targets that were silent are left alone while there are others. */
function candidates(all: readonly Target[], { refusedBy, silent }: RetryState): readonly Target[] {
  const willing = all.filter((target) => !refusedBy.includes(targetName(target)));
  const talking = willing.filter((target) => !silent.includes(targetName(target)));
  return talking.length > 0 ? talking : willing;
}

const mayGoOn = ({ policy }: ExecuteNeeds, { remainingMs }: Execution, { attempts }: RetryState): boolean =>
  attempts < policy.maxAttempts && remainingMs() > 0;

function unservable({ targetsOf }: ExecuteNeeds, { model, operation, state: { attempts } }: ChatJob): Outcome {
  const isKnown = operation === 'embeddings' && targetsOf(model, 'chat').length > 0;
  const error = isKnown
    ? new GatewayError('unsupported_parameter', {
        message: `The model "${model}" makes no embeddings.`,
        param: 'model',
      })
    : // Ingress and worker may disagree about the configuration for a moment of a rollout.
      new GatewayError('upstream_unavailable');
  return { kind: 'error', error, attempts, events: 0 };
}
const credentialName = ({ target, credentialId }: Chosen): string => `${target.upstream}/${credentialId}`;

/** With another token the same credential may do; a provider that refuses that too means the credential. */
const mayRenewToken = ({ policy }: ExecuteNeeds, { attempts, renewedTokens }: RetryState, chosen: Chosen): boolean =>
  attempts < policy.maxAttempts && !renewedTokens.includes(credentialName(chosen));

/** The next target that may be called now; notes how the others stand. */
async function choose({
  needs: { health },
  job,
  targets,
  standings,
}: {
  readonly needs: ExecuteNeeds;
  readonly job: ChatJob;
  readonly targets: readonly Target[];
  readonly standings: Map<Target, Standing>;
}): Promise<Chosen | undefined> {
  for (const target of targets) {
    if (standings.has(target)) continue;
    const offer = target.pool.offer();
    const choice = await health
      .choose({ upstreamId: target.upstream, model: target.model }, offer.ids, job)
      .finally(offer.close);
    if (choice.kind === 'go') return { target, ...choice };
    standings.set(target, choice);
  }
  return undefined;
}

interface Lesson {
  readonly needs: ExecuteNeeds;
  readonly job: ChatJob;
  readonly chosen: Chosen;
  readonly result: FailedAttempt;
  readonly standings: Map<Target, Standing>;
  readonly state: RetryState;
}

/** Tells the fleet what a failure means for its upstreams, and this request what it means for its next steps. */
async function learn({ needs, job, chosen, result, standings, state: before }: Lesson): Promise<RetryState> {
  const { target, isProbe } = chosen;
  const { failure, received, wasCalled = true, wasResent = false } = result;
  const state = {
    ...before,
    // The provider may have run both: no request costs more calls than it may.
    attempts: before.attempts + (wasResent ? 1 : 0),
    burntTokens: before.burntTokens + received,
  };
  const ref = { upstreamId: target.upstream, model: target.model };
  const { requestId, tenant } = job;
  const served = { tenant, credentialId: chosen.credentialId };
  const verdict = classify(failure);
  if (verdict.countsAgainstTarget)
    await needs.health.failed(ref, { isProbe, requestId, tenant, cause: `${failure.kind}: ${failure.message}` });
  else if (isProbe && !wasCalled) await needs.health.abandoned(ref);
  // Whatever it said, it was there to say it.
  else if (isProbe) await needs.health.recovered(ref, served);

  switch (verdict.remedy) {
    case 'retry':
      standings.set(target, { kind: 'failed', retryAfterMs: failure.retryAfterMs });
      return failure.kind === 'timeout' && received === 0
        ? { ...state, silent: [...state.silent, targetName(target)] }
        : state;
    case 'next_target':
      standings.set(target, { kind: 'refused' });
      return { ...state, refusedBy: [...state.refusedBy, targetName(target)] };
    case 'next_credential':
      await restCredential(needs, chosen, { failure, waits: state.rateLimitWaits });
      return { ...state, rateLimitWaits: state.rateLimitWaits + 1 };
    case 'give_up':
      return state;
  }
}

async function restCredential(
  { health, policy, random, metrics }: ExecuteNeeds,
  { target, credentialId }: Chosen,
  { failure, waits }: { failure: UpstreamFailure; waits: number },
): Promise<void> {
  const isRefused = isCredentialRefused(failure);
  const ownRestMs =
    failure.kind === 'rate_limit' ? backoffMs(policy, { schedule: 'rate_limit', waits, random }) : quotaRestMs;
  const restMs = isRefused ? Math.max(refusedRestMs, failure.retryAfterMs ?? 0) : (failure.retryAfterMs ?? ownRestMs);
  // Providers limit by model, unless they say that it is the account.
  const model = failure.kind === 'rate_limit' ? target.model : undefined;
  await health.rest({ upstreamId: target.upstream, credentialId, model }, { restMs, isRefused, reason: failure.kind });
  metrics.credentialCooledDown(target.upstream, toClientError(failure).code);
}

function conclude({ run }: Execution, state: RetryState, result: Exclude<FullResult, { kind: 'failed' }>): Outcome {
  const { events, continuations } = result;
  const attempts = state.attempts + continuations;
  if (result.kind === 'complete') {
    const counted = continuations > 0 ? { continuations } : {};
    const end = { ...result.summary, events, burntTokens: state.burntTokens, ...counted };
    return { kind: 'end', end, attempts };
  }
  const isDraining = run.signal.reason === 'draining';
  const error = new GatewayError(isDraining ? 'worker_lost' : 'request_cancelled');
  if (isDraining)
    return { kind: 'retry', delayMs: 0, state: { ...state, burntTokens: state.burntTokens + result.received }, error };
  return { kind: 'error', error, attempts, events };
}

function errorOf(step: NextStep, lastFailure: UpstreamFailure | undefined): GatewayError {
  if (step.kind === 'fail' && step.reason === 'cooling') {
    return toClientError({ kind: 'rate_limit', message: '', retryAfterMs: step.retryAfterMs });
  }
  if (lastFailure !== undefined) return toClientError(lastFailure);
  // Nobody was called in this run.
  const retryAfterMs = step.kind === 'fail' ? step.retryAfterMs : step.delayMs;
  return new GatewayError(codeWithoutCall(step), { retryAfterMs });
}

function codeWithoutCall(step: NextStep): ErrorCode {
  // Every credential is refused just now, by what other requests have learnt.
  if (step.kind === 'fail' && step.reason === 'refused') return 'upstream_authentication';
  return 'upstream_unavailable';
}
