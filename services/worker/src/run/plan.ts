import {
  orderTargets,
  planTargets,
  preferredWaitMs,
  type RetryPolicy,
  type Standing,
  targetName,
} from '@sluice/policy';
import type { RetryState, UpstreamFailure } from '@sluice/protocol';
import { type ChatBody, fitRequest } from '@sluice/providers';
import { droppedParametersAttribute } from '@sluice/telemetry';
import type { Execution } from './claimed-run.ts';
import type { Health } from '../targets/fleet-health.ts';
import { idsOf, logDetail, type RunLogger } from '../attempt/log-attempt.ts';
import type { Credential, Target } from '../targets/targets.ts';

/** A target that may be called now, with the credential for it. */
export interface Candidate {
  readonly target: Target;
  readonly credentialId: string;
  readonly isProbe: boolean;
  readonly hasFailures: boolean;
  /** The request as this target can serve it. */
  readonly fitted: ChatBody;
}

/** The next step of a plan. `wait`: a preferred target comes back soon enough that no fallback is called for it. */
export type Found =
  | { readonly kind: 'call'; readonly candidate: Candidate }
  | { readonly kind: 'wait'; readonly delayMs: number };

/** The targets of one run, their order, and the standing of each. */
export interface Plan {
  /** The next target that may be called now; undefined when each has had its chance. */
  next(state: RetryState): Promise<Found | undefined>;
  note(target: Target, standing: Standing): void;
  /** Returns whether there is another target that this request has not tried yet. */
  hasAnother(target: Target, state: RetryState): boolean;
  /** Another round begins: targets that failed may be called again, but for those that are away. */
  beginRound(state: RetryState): void;
  /** The targets that failed and want to be left alone for longer than this wait. */
  awayAfter(delayMs: number): RetryState['away'];
  standings(): readonly Standing[];
  /** The reason why the first target can't serve the request; undefined if any target can. */
  readonly misfit: UpstreamFailure | undefined;
  /** Names of the targets in the order in which they were planned, for the log. */
  names(): readonly string[];
  /** The model has no target here. */
  readonly isEmpty: boolean;
}

export interface PlanNeeds {
  readonly health: Pick<Health, 'choose'>;
  readonly policy: Pick<RetryPolicy, 'waitForPreferredMs'>;
  readonly logger: Pick<RunLogger, 'debug' | 'isLevelEnabled'>;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
}

export interface PlanFacts {
  readonly execution: Execution;
  readonly targets: readonly Target[];
  /** Returns whether this target can continue the text of the answer so far. */
  readonly canContinue: (target: Target, state: RetryState) => boolean;
  /** There is text of an answer that broke off. */
  readonly hasDelivered: () => boolean;
}

export function createPlan({ health, policy, logger, random }: PlanNeeds, facts: PlanFacts): Plan {
  const { job } = facts.execution;
  const willing = facts.targets.filter((target) => !job.state.refusedBy.includes(targetName(target)));
  const planned = planTargets(willing, random);
  const { bodies, misfit } = fitTo(planned, facts.execution);
  const standings = new Map<Target, Standing>();
  for (const target of planned) if (!bodies.has(target)) standings.set(target, { kind: 'refused' });

  function passOverAway({ away }: RetryState): void {
    for (const target of planned) {
      const left = away.find((each) => each.target === targetName(target));
      if (left !== undefined && bodies.has(target)) standings.set(target, { kind: 'failed', retryAfterMs: left.ms });
    }
  }
  passOverAway(job.state);

  const inOrder = (state: RetryState): readonly Target[] =>
    orderTargets(planned, {
      state,
      hasDelivered: facts.hasDelivered(),
      canContinue: (target) => facts.canContinue(target, state),
    });

  /** A fallback is a target before which others of a better priority are to be tried. */
  function waitBefore({ priority }: Target, state: RetryState): number | undefined {
    // An answer that broke off is best continued at once, and by rules of its own.
    if (policy.waitForPreferredMs === 0 || facts.hasDelivered()) return undefined;
    const preferred = planned.flatMap((other) => {
      const standing = standings.get(other);
      const isPreferred = other.priority < priority && !state.silent.includes(targetName(other));
      return isPreferred && standing !== undefined ? [standing] : [];
    });
    return preferredWaitMs({ policy, state, preferred, remainingMs: facts.execution.remainingMs() });
  }

  async function standingOf(target: Target, state: RetryState): Promise<Candidate | Standing> {
    const fitted = bodies.get(target);
    if (fitted === undefined || isSpent(target, state)) return { kind: 'refused' };
    const offer = offerCredentials(target, fitted, state);
    if (offer.ids.length === 0) return { kind: 'refused' };
    const choice = await health
      .choose({ upstreamId: target.upstream, model: target.model }, offer.ids, job)
      .finally(offer.close);
    return choice.kind === 'go' ? { target, fitted, ...choice } : choice;
  }

  return {
    async next(state) {
      for (const target of inOrder(state)) {
        if (standings.has(target)) continue;
        const delayMs = waitBefore(target, state);
        if (delayMs !== undefined) return { kind: 'wait', delayMs };
        const found = await standingOf(target, state);
        if ('target' in found) return { kind: 'call', candidate: found };
        standings.set(target, found);
        logDetail(logger, 'target passed over', () => ({
          ...idsOf(facts.execution),
          target: targetName(target),
          standing: found.kind,
          wait_ms: 'waitMs' in found ? found.waitMs : undefined,
        }));
      }
      return undefined;
    },
    note: (target, standing) => void standings.set(target, standing),
    hasAnother: (target, state) =>
      planned.some(
        (other) =>
          other !== target && bodies.has(other) && !standings.has(other) && !state.silent.includes(targetName(other)),
      ),
    beginRound(state) {
      for (const [target, { kind }] of standings) if (kind !== 'refused') standings.delete(target);
      passOverAway(state);
    },
    awayAfter: (delayMs) =>
      [...standings].flatMap(([target, standing]) => {
        const ms = standing.kind === 'failed' ? (standing.retryAfterMs ?? 0) - delayMs : 0;
        return ms > 0 ? [{ target: targetName(target), ms }] : [];
      }),
    standings: () => [...standings.values()],
    names: () => planned.map(targetName),
    misfit: bodies.size === 0 ? misfit : undefined,
    isEmpty: planned.length === 0,
  };
}

/** A target that has fallen silent in the middle of this answer for the second time. */
const isSpent = (target: Target, { stalled }: RetryState): boolean =>
  stalled.filter((name) => name === targetName(target)).length > 1;

/** Name of a credential within the refusals of one target. */
export const credentialName = (target: Target, credentialId: string): string => `${targetName(target)}#${credentialId}`;

/** Offers the credentials of a target that may send this request. A guest comes in only where there is nobody else. */
export function offerCredentials(
  target: Target,
  body: ChatBody,
  { forbidden, incapable }: RetryState,
): ReturnType<Target['pool']['offer']> {
  const { pool, adapter } = target;
  const needsUser = adapter.refusesGuests?.(body) === true && pool.hasSome(isUser);
  return pool.offer((credential) => {
    const name = credentialName(target, credential.id);
    return !forbidden.includes(name) && !incapable.includes(name) && (!needsUser || isUser(credential));
  });
}

const isUser = ({ tokens }: Credential): boolean => tokens?.kind !== 'anonymous';

interface Fit {
  /** The request as each target can serve it; nothing for those that can't. */
  readonly bodies: ReadonlyMap<Target, ChatBody>;
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
