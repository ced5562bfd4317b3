import type { Choice as HealthChoice, TargetRef, UpstreamHealth } from '@sluice/admission';
import { isRedisUnavailable } from '@sluice/redis';

/** What the fleet says of a target and its credentials. */
export type Choice = HealthChoice & {
  /** Of an open circuit: the failure that opened it, fit for any client. */
  readonly cause?: string | undefined;
};

/** A failure that speaks against a target. */
export interface FailedFacts {
  readonly isProbe: boolean;
  /** A request counts once, however often it fails. */
  readonly requestId: string;
  /** Whose request it was. */
  readonly tenant: string;
  /** Told to every client that meets the open circuit: holds nothing of this one. */
  readonly cause: string;
}

type CredentialRef = Parameters<UpstreamHealth['rest']>[0];
type Rest = Parameters<UpstreamHealth['rest']>[1];

/** The health of upstreams as a run sees it. Nothing but Redis being away makes it throw, and only where it is asked. */
export interface Health {
  /** @throws the connection's error when Redis is away */
  choose(target: TargetRef, credentialIds: readonly string[]): Promise<Choice>;
  /** With a model the credential rests for that model alone. */
  rest(credential: CredentialRef & { readonly model?: string }, rest: Rest): Promise<void>;
  failed(target: TargetRef, facts: FailedFacts): Promise<void>;
  recovered(target: TargetRef, tenant: string): Promise<void>;
  abandoned(target: TargetRef): Promise<void>;
}

/** A rest is a number that Redis takes; how long it may be at most is for the health itself to say. */
const longestRestMs = 2 ** 31 - 1;

/** @param onError told what went wrong with Redis or with what lies there */
export function createHealth(health: UpstreamHealth, onError: (error: unknown) => void): Health {
  return {
    async choose(target, credentialIds) {
      try {
        return await health.choose(target, credentialIds);
      } catch (error) {
        if (isRedisUnavailable(error)) throw error;
        // What lies in Redis is no reason to refuse a request: it goes without knowledge.
        onError(error);
        const [credentialId] = credentialIds;
        if (credentialId === undefined) return { kind: 'refused' };
        return { kind: 'go', credentialId, isProbe: false, hasFailures: false };
      }
    },
    async rest({ upstreamId, credentialId }, { restMs, isRefused }) {
      if (!Number.isFinite(restMs)) return;
      const boundedMs = Math.min(longestRestMs, Math.max(0, restMs));
      await health.rest({ upstreamId, credentialId }, { restMs: boundedMs, isRefused }).catch(onError);
    },
    async failed(target, { isProbe }) {
      await health.failed(target, isProbe).catch(onError);
    },
    recovered: (target) => health.recovered(target).catch(onError),
    abandoned: (target) => health.abandoned(target).catch(onError),
  };
}
