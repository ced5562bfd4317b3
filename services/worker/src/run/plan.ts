import {
  orderTargets,
  planTargets,
  preferredWaitMs,
  type RetryPolicy,
  type Standing,
  targetName,
} from '@sluice/policy';
import type { ChatBody, ChatJob, RetryState, UpstreamFailure } from '@sluice/protocol';
import { idsOf, logDetail, type RunLogger } from '../attempt/log-attempt.ts';
import type { Health } from '../targets/fleet-health.ts';
import type { Target } from '../targets/targets.ts';
import type { ClaimedRun } from './claimed-run.ts';
import { fitTargets } from './fit-targets.ts';
import { offerCredentials } from './offer-credentials.ts';

/** A target that may be called now, with the credential for it. */
export interface Candidate {
  readonly target: Target;
  readonly credentialId: string;
  readonly isProbe: boolean;
  readonly hasFailures: boolean;
  /** The request as this target can serve it. */
  readonly fitted: ChatBody;
  /** Names of fields that this target does not get, without indices; absent for none. */
  readonly dropped?: readonly string[] | undefined;
}

/** The next step of a plan. `wait`: a preferred target is available soon, so that no fallback is called. */
export type Found =
  | { readonly kind: 'call'; readonly candidate: Candidate }
  | { readonly kind: 'wait'; readonly delayMs: number };

/** The targets of one run, with their order and states. */
export interface Plan {
  /** The next target that may be called now; undefined when each was tried. */
  next(state: RetryState): Promise<Found | undefined>;
  note(target: Target, standing: Standing): void;
  /** Returns whether there is another target that this request has not tried yet. */
  hasAnother(target: Target, state: RetryState): boolean;
  /** Begins another round: targets that failed may be called again, except those that are away. */
  beginRound(state: RetryState): void;
  /** The failed targets whose `retry-after`, counted from the failure, has not passed when this wait is over. */
  awayAfter(delayMs: number): RetryState['away'];
  /** The states of the targets so far, with the times that are left now. */
  standings(): readonly Standing[];
  /** The reason why the first target can't serve the request; undefined if any target can. */
  readonly misfit: UpstreamFailure | undefined;
  /** Names of the targets in the order in which they were planned, for the log. */
  names(): readonly string[];
  /** The model has no target here. */
  readonly isEmpty: boolean;
}

interface NotedStanding {
  /** As of `at`. */
  readonly standing: Standing;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export interface PlanNeeds {
  readonly health: Pick<Health, 'choose'>;
  readonly policy: Pick<RetryPolicy, 'waitForPreferredMs'>;
  readonly logger: Pick<RunLogger, 'debug' | 'isLevelEnabled'>;
  /** Returns numbers in [0, 1). */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface PlanFacts {
  readonly claimedRun: ClaimedRun;
  readonly targets: readonly Target[];
  /** Returns whether this target can continue the text of the answer so far. */
  readonly canContinue: (target: Target, state: RetryState) => boolean;
  /** Returns whether the client has text of an answer that broke off. */
  readonly hasDelivered: () => boolean;
}

export function createPlan({ health, policy, logger, random, now }: PlanNeeds, facts: PlanFacts): Plan {
  const { job } = facts.claimedRun;
  const willing = facts.targets.filter((target) => !job.state.refusedBy.includes(targetName(target)));
  const planned = planTargets(willing, random);
  const { bodies, dropped, misfit } = fitTargets(planned, facts.claimedRun);
  const noted = new Map<Target, NotedStanding>();
  const note = (target: Target, standing: Standing): void => void noted.set(target, { standing, at: now() });
  for (const target of planned) if (!bodies.has(target)) note(target, { kind: 'refused' });

  function passOverAway({ away }: RetryState): void {
    for (const target of planned) {
      const left = away.find((each) => each.target === targetName(target));
      if (left !== undefined && bodies.has(target)) note(target, { kind: 'failed', retryAfterMs: left.ms });
    }
  }
  passOverAway(job.state);

  const inOrder = (state: RetryState): readonly Target[] =>
    orderTargets(planned, {
      state,
      hasDelivered: facts.hasDelivered(),
      canContinue: (target) => facts.canContinue(target, state),
    });

  /**
   * Returns how long, in ms, a fallback waits for targets of a better priority that are not available; undefined if it is
   * tried at once.
   */
  function waitBefore({ priority }: Target, state: RetryState): number | undefined {
    // An answer that broke off is resumed at once; it has rules of its own.
    if (policy.waitForPreferredMs === 0 || facts.hasDelivered()) return undefined;
    const preferred = planned.flatMap((other) => {
      const standing = noted.get(other);
      const isPreferred = other.priority < priority && !state.silent.includes(targetName(other));
      return isPreferred && standing !== undefined ? [asOf(now(), standing)] : [];
    });
    return preferredWaitMs({ policy, state, preferred, remainingMs: facts.claimedRun.remainingMs() });
  }

  return {
    async next(state) {
      for (const target of inOrder(state)) {
        if (noted.has(target)) continue;
        const delayMs = waitBefore(target, state);
        if (delayMs !== undefined) return { kind: 'wait', delayMs };
        const found = await choose(health, { job, target, fitted: bodies.get(target), state });
        if ('target' in found) return { kind: 'call', candidate: { ...found, dropped: dropped.get(target) } };
        note(target, found);
        logPassedOver(logger, facts.claimedRun, { target, standing: found });
      }
      return undefined;
    },
    note,
    hasAnother: (target, state) =>
      planned.some(
        (other) =>
          other !== target && bodies.has(other) && !noted.has(other) && !state.silent.includes(targetName(other)),
      ),
    beginRound(state) {
      for (const [target, { standing }] of noted) if (standing.kind !== 'refused') noted.delete(target);
      passOverAway(state);
    },
    awayAfter: (delayMs) =>
      [...noted].flatMap(([target, { standing, at }]) => {
        if (standing.kind !== 'failed') return [];
        // Time passes before the wait too: a stream may break off late.
        const ms = (standing.retryAfterMs ?? 0) - (now() - at) - delayMs;
        return ms > 0 ? [{ target: targetName(target), ms }] : [];
      }),
    standings: () => [...noted.values()].map((each) => asOf(now(), each)),
    names: () => planned.map(targetName),
    misfit: bodies.size === 0 ? misfit : undefined,
    isEmpty: planned.length === 0,
  };
}

/** A standing with the times that are left. Other attempts may have taken a while since it was noted. */
function asOf(nowMs: number, { standing, at }: NotedStanding): Standing {
  const left = (ms: number): number => Math.max(0, ms - (nowMs - at));
  switch (standing.kind) {
    case 'failed':
      return {
        ...standing,
        retryAfterMs: standing.retryAfterMs === undefined ? undefined : left(standing.retryAfterMs),
      };
    case 'cooling':
    case 'open':
      return { ...standing, waitMs: left(standing.waitMs) };
    case 'refused':
      return standing;
  }
}

/** Returns whether a target stalled in the middle of this answer for the second time. */
const isSpent = (target: Target, { stalled }: RetryState): boolean =>
  stalled.filter((name) => name === targetName(target)).length > 1;

interface ChoiceFacts {
  readonly job: ChatJob;
  readonly target: Target;
  readonly fitted: ChatBody | undefined;
  readonly state: RetryState;
}

/** Chooses a credential of a target. */
async function choose(
  health: PlanNeeds['health'],
  { job, target, fitted, state }: ChoiceFacts,
): Promise<Candidate | Standing> {
  if (fitted === undefined || isSpent(target, state)) return { kind: 'refused' };
  const offer = offerCredentials(target, fitted, state);
  if (offer.ids.length === 0) return { kind: 'refused' };
  const choice = await health
    .choose({ upstreamId: target.upstream, model: target.model }, offer.ids, job)
    .finally(offer.close);
  return choice.kind === 'go' ? { target, fitted, ...choice } : choice;
}

function logPassedOver(
  logger: PlanNeeds['logger'],
  claimedRun: ClaimedRun,
  { target, standing }: { readonly target: Target; readonly standing: Standing },
): void {
  logDetail(logger, 'target passed over', () => ({
    ...idsOf(claimedRun),
    target: targetName(target),
    standing: standing.kind,
    wait_ms: 'waitMs' in standing ? standing.waitMs : undefined,
  }));
}
