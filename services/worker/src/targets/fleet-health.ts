import type { Choice, Failed, Recovered, RequestRef, TargetRef, UpstreamHealth } from '@sluice/upstream-health';
import { isRedisUnavailable } from '@sluice/redis';

export type { Choice } from '@sluice/upstream-health';

type CredentialRef = Parameters<UpstreamHealth['coolDown']>[0];
type Cooldown = Parameters<UpstreamHealth['coolDown']>[1];

/** The health of upstreams for runs. Only `choose` throws, and only while Redis is away. */
export interface Health {
  /** @throws the connection's error when Redis is away */
  choose(target: TargetRef, credentialIds: readonly string[], request: RequestRef): Promise<Choice>;
  /** With a model the credential is in cooldown for that model alone. */
  coolDown(credential: CredentialRef, cooldown: Cooldown): Promise<void>;
  /** Every client that meets the open circuit gets `cause`: it must not contain parts of this client's request. */
  failed(target: TargetRef, failure: Failed): Promise<void>;
  recovered(target: TargetRef, served: Recovered): Promise<void>;
  abandoned(target: TargetRef): Promise<void>;
}

/** @param onError called with errors of Redis and of the data in it */
export function createHealth(health: UpstreamHealth, onError: (error: unknown) => void): Health {
  return {
    async choose(target, credentialIds, request) {
      try {
        return await health.choose(target, credentialIds, request);
      } catch (error) {
        if (isRedisUnavailable(error)) throw error;
        // Bad data in Redis must not refuse a request: it goes to the first credential.
        onError(error);
        const [credentialId] = credentialIds;
        if (credentialId === undefined) return { kind: 'refused' };
        return { kind: 'go', credentialId, isProbe: false, hasFailures: false };
      }
    },
    coolDown: (credential, cooldown) => health.coolDown(credential, cooldown).catch(onError),
    async failed(target, failure) {
      await health.failed(target, failure).catch(onError);
    },
    recovered: (target, served) => health.recovered(target, served).catch(onError),
    abandoned: (target) => health.abandoned(target).catch(onError),
  };
}
