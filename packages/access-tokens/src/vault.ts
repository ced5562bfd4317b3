import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { UpstreamFailure } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import { createContents } from './contents.ts';
import { createRenew } from './renewal.ts';
import { createScripts, type TokenRef } from './scripts.ts';
import { usualTimes, type VaultTimes } from './times.ts';
import type { TokenAnswer, TokenCredential } from './token-credential.ts';

/** Access tokens of the fleet, as used by one worker. Each is stored once, and renewed by one worker for all. */
export interface TokenVault {
  /**
   * Returns the current token. A token that is due is renewed in the background; an expired one, before it is returned.
   *
   * @throws the connection's error when Redis is away
   */
  get(credential: TokenCredential): Promise<TokenAnswer>;
  /** Marks a token as refused by the provider. It is not used again, unless another has already replaced it. */
  refuse(token: TokenRef, version: string): Promise<void>;
  /** Resolves when no renewal is running. */
  close(): Promise<void>;
}

export interface TokenVaultNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  /** The operator's secret, which encrypts the tokens. */
  readonly secret: string;
  readonly onRenewed: (token: TokenRef) => void;
  readonly onFailed: (token: TokenRef, failure: UpstreamFailure) => void;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly times?: Partial<VaultTimes>;
}

const tooLong: UpstreamFailure = {
  kind: 'timeout',
  message: "The provider's access token could not be renewed in time.",
};
const unknownFailure: UpstreamFailure = {
  kind: 'server',
  message: "The provider's access token could not be renewed.",
};

export function createTokenVault(needs: TokenVaultNeeds): TokenVault {
  const { onRenewed, onFailed, onError, now } = needs;
  const times = { ...usualTimes, ...needs.times };
  const scripts = createScripts(needs.connection, needs.keys);
  const contents = createContents(needs.secret);
  const renew = createRenew({ scripts, contents, times, onRenewed, onFailed, now });
  /** The running query of each credential: all attempts of this worker share its answer. */
  const asking = new Map<string, Promise<TokenAnswer>>();
  /** All work that may still store something, even if no attempt waits for it. */
  const underWay = new Set<Promise<unknown>>();

  function track(done: Promise<unknown>): void {
    const settled: Promise<unknown> = done.then(
      () => underWay.delete(settled),
      () => underWay.delete(settled),
    );
    underWay.add(settled);
  }

  async function settle(credential: TokenCredential): Promise<TokenAnswer> {
    const startedAt = now();
    let unusable = '';
    let origin: 'stored' | 'awaited' = 'stored';
    while (now() - startedAt < times.wait) {
      const holder = randomUUID();
      const advice = await scripts.consult(credential, { holder, leaseMs: times.lease, unusable });
      if (advice.verdict === 'failed') return failed(contents.openFailure(credential, advice.sealed) ?? unknownFailure);
      if (advice.verdict === 'wait') {
        origin = 'awaited';
        await delay(Math.min(times.poll, advice.waitMs));
        continue;
      }
      const stored = contents.openToken(credential, advice.sealed);
      if (advice.verdict === 'renew' || (advice.verdict === 'ahead' && stored === undefined)) {
        const renewed = await renew({ credential, holder, advice, stored });
        if (renewed !== 'superseded') return renewed;
      } else if (stored === undefined) {
        // Another secret encrypted it.
        unusable = advice.version;
      } else {
        if (advice.verdict === 'ahead') track(renew({ credential, holder, advice, stored }).catch(onError));
        return { kind: 'token', value: stored.value, version: advice.version, origin };
      }
    }
    return failed(tooLong);
  }

  return {
    get(credential) {
      const id = idOf(credential);
      const running = asking.get(id);
      if (running !== undefined) return running;
      const begun = settle(credential).finally(() => {
        if (asking.get(id) === begun) asking.delete(id);
      });
      asking.set(id, begun);
      track(begun);
      return begun;
    },
    async refuse(token, version) {
      await scripts.refuse(token, version);
      // The shared answer may be the token that was just refused.
      asking.delete(idOf(token));
    },
    async close() {
      await Promise.all(underWay);
    },
  };
}

const idOf = ({ upstreamId, credentialId }: TokenRef): string => `${upstreamId}/${credentialId}`;

const failed = (failure: UpstreamFailure): TokenAnswer => ({ kind: 'failed', failure });
