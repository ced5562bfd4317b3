import type { Choice, Failed, Recovered, RequestRef, TargetRef, UpstreamHealth } from '@sluice/admission';
import { isRedisUnavailable } from '@sluice/redis';

export type { Choice } from '@sluice/admission';

type CredentialRef = Parameters<UpstreamHealth['rest']>[0];
type Rest = Parameters<UpstreamHealth['rest']>[1];

/** The health of upstreams as a run sees it. Nothing but Redis being away makes it throw, and only where it is asked. */
export interface Health {
  /** @throws the connection's error when Redis is away */
  choose(target: TargetRef, credentialIds: readonly string[], request: RequestRef): Promise<Choice>;
  /** With a model the credential rests for that model alone. */
  rest(credential: CredentialRef, rest: Rest): Promise<void>;
  /** `cause` is told to every client that meets the open circuit: it holds nothing of this one. */
  failed(target: TargetRef, failure: Failed): Promise<void>;
  recovered(target: TargetRef, served: Recovered): Promise<void>;
  abandoned(target: TargetRef): Promise<void>;
}

/** @param onError told what went wrong with Redis or with what lies there */
export function createHealth(health: UpstreamHealth, onError: (error: unknown) => void): Health {
  return {
    async choose(target, credentialIds, request) {
      try {
        return await health.choose(target, credentialIds, request);
      } catch (error) {
        if (isRedisUnavailable(error)) throw error;
        // What lies in Redis is no reason to refuse a request: it goes without knowledge.
        onError(error);
        const [credentialId] = credentialIds;
        if (credentialId === undefined) return { kind: 'refused' };
        return { kind: 'go', credentialId, isProbe: false, hasFailures: false };
      }
    },
    rest: (credential, rest) => health.rest(credential, rest).catch(onError),
    async failed(target, failure) {
      await health.failed(target, failure).catch(onError);
    },
    recovered: (target, served) => health.recovered(target, served).catch(onError),
    abandoned: (target) => health.abandoned(target).catch(onError),
  };
}
