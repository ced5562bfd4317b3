import {
  firstRetryState,
  type ChatBody,
  type Delivered,
  type RetryState,
  type UpstreamFailure,
} from '@sluice/protocol';
import { type RetryPolicy, retryPresets } from '@sluice/policy';
import { vi } from 'vitest';
import { createAnswer } from '../../src/answer/answer.ts';
import type { FailedAttempt } from '../../src/attempt/attempt-result.ts';
import type { RunLogger } from '../../src/attempt/log-attempt.ts';
import { createActiveRuns } from '../../src/consumer/active-runs.ts';
import { type Candidate, createPlan } from '../../src/run/plan.ts';
import type { NextAttempt, RunNeeds, RunProgress } from '../../src/run/progress.ts';
import { createTally } from '../../src/run/tally.ts';
import type { Choice, Health } from '../../src/targets/fleet-health.ts';
import type { Target } from '../../src/targets/targets.ts';
import { claimedRunWith, jobWith, noImages, quietLogger, runNeedsWith, sinkWith, targetWith } from '../scene.ts';

/** A call as credential `a` to a target that answered last time. */
export const candidateWith = (over: Partial<Candidate> = {}): Candidate => ({
  target: targetWith(),
  credentialId: 'a',
  isProbe: false,
  hasFailures: false,
  fitted: {},
  ...over,
});

/** A call that failed before its first event. */
export const failedWith = (failure: UpstreamFailure, over: Partial<FailedAttempt> = {}): FailedAttempt => ({
  kind: 'failed',
  failure,
  events: 0,
  received: 0,
  wasCalled: true,
  wasResent: false,
  isTokenRefused: false,
  ...over,
});

export const nextWith = (over: Partial<NextAttempt> = {}): NextAttempt => ({
  candidate: candidateWith(),
  opening: { body: {}, sink: sinkWith(), isPrefilled: false },
  number: 1,
  ...over,
});

interface ProgressScene {
  readonly targets?: readonly Target[];
  readonly state?: Partial<RetryState>;
  readonly body?: ChatBody;
  readonly delivered?: Delivered;
  readonly remainingMs?: number;
  readonly policy?: Partial<RetryPolicy>;
  /** The choices of credentials, in order; afterwards the first credential is free. */
  readonly choices?: readonly Choice[];
  readonly stream?: boolean;
}

/** A run between two attempts, its clock, and the records of its effects. */
export function progressWith({
  targets = [targetWith()],
  body = {},
  delivered,
  remainingMs = 60_000,
  stream = true,
  ...given
}: ProgressScene = {}) {
  const clock = { nowMs: 0 };
  const choices = [...(given.choices ?? [])];
  const health = {
    choose: vi.fn<Health['choose']>((_target, [credentialId = '']) =>
      Promise.resolve(choices.shift() ?? { kind: 'go', credentialId, isProbe: false, hasFailures: false }),
    ),
    coolDown: vi.fn<Health['coolDown']>(() => Promise.resolve()),
    failed: vi.fn<Health['failed']>(() => Promise.resolve()),
    recovered: vi.fn<Health['recovered']>(() => Promise.resolve()),
    abandoned: vi.fn<Health['abandoned']>(() => Promise.resolve()),
  };
  const retried = vi.fn<RunNeeds['metrics']['retried']>();
  const credentialCooledDown = vi.fn<RunNeeds['metrics']['credentialCooledDown']>();
  const warn = vi.fn<RunLogger['warn']>();
  const debug = vi.fn<RunLogger['debug']>();
  const onError = vi.fn<RunNeeds['onError']>();
  const needs = runNeedsWith({
    targetsOf: () => targets,
    makeAttempt: () => Promise.reject(new Error('no attempt is made here')),
    health,
    policy: { ...retryPresets.default, ...given.policy },
    metrics: { retried, credentialCooledDown },
    logger: { ...quietLogger, warn, debug, isLevelEnabled: () => true },
    onError,
    now: () => clock.nowMs,
  });
  const state = { ...firstRetryState, ...given.state };
  const job = jobWith({ state, stream });
  const runs = createActiveRuns();
  const frames: { readonly kind: string; readonly payload: unknown }[] = [];
  const sent: string[] = [];
  const scene = claimedRunWith({ job, body, delivered, active: runs.open(job), remainingMs: () => remainingMs });
  const claimedRun = {
    ...scene,
    publisher: {
      ...scene.publisher,
      data: (piece: string) => void sent.push(piece),
      send: (kind: string, payload: unknown) => void frames.push({ kind, payload }),
    },
  };
  const tally = createTally(state, delivered);
  const mayExtend = targets.some(({ maxContinuations }) => maxContinuations > 0);
  const answer = createAnswer(claimedRun, tally, mayExtend);
  const { canContinue, hasDelivered } = answer;
  const plan = createPlan(needs, { claimedRun, targets, canContinue, hasDelivered });
  const memory = { images: noImages, notes: new Map() };
  const progress: RunProgress = {
    claimedRun,
    plan,
    tally,
    answer,
    memory,
    state,
    again: undefined,
    extended: undefined,
  };
  return { needs, progress, health, retried, credentialCooledDown, warn, debug, onError, runs, frames, sent, clock };
}
