import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FailureKind, UpstreamFailure } from '@sluice/protocol';
import type { ProviderToken, TokenResult } from '@sluice/providers';
import { isRedisUnavailable } from '@sluice/redis';
import type { Contents } from './contents.ts';
import { lifeOf } from './life.ts';
import { obtainToken } from './obtain-token.ts';
import type { Advice, TokenRef, TokenScripts } from './scripts.ts';
import type { VaultTimes } from './times.ts';
import type { TokenAnswer, TokenCredential } from './token-credential.ts';

/** A renewal that Redis has given to this worker alone. */
export interface GivenRenewal {
  readonly credential: TokenCredential;
  readonly holder: string;
  readonly advice: Pick<Advice, 'version' | 'nowMs'>;
  /** The token that is renewed; undefined if there is none. */
  readonly stored: ProviderToken | undefined;
}

/** Renews a token and stores it. `superseded`: another token was stored meanwhile. */
export type Renew = (given: GivenRenewal) => Promise<TokenAnswer | 'superseded'>;

export interface RenewalNeeds {
  readonly scripts: Pick<TokenScripts, 'store' | 'fail'>;
  readonly contents: Contents;
  readonly times: Pick<VaultTimes, 'obtain' | 'cooldown' | 'refusedCooldown' | 'storeRetry'>;
  readonly onRenewed: (token: TokenRef) => void;
  readonly onFailed: (token: TokenRef, failure: UpstreamFailure) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Number of attempts to store a token. If providers accept each refresh token once, a token that is not stored is lost
 * for good, so the vault waits for a Redis that restarts, even beyond the lease; a token stored meanwhile is kept.
 */
const storeTries = 100;
/** Failures that do not pass with time: a login that has ended, a firewall, a captcha. */
const hopelessKinds: ReadonlySet<FailureKind> = new Set(['authentication', 'unexpected']);

export function createRenew(needs: RenewalNeeds): Renew {
  const { scripts, contents, times, onRenewed, onFailed, now } = needs;

  async function store({ credential, advice }: GivenRenewal, token: ProviderToken): Promise<string | undefined> {
    const version = randomUUID();
    const { renewAtMs, keepUntilMs } = lifeOf(token, credential.source, advice.nowMs);
    const isStored = await persist(times.storeRetry, () =>
      scripts.store(credential, {
        replaces: advice.version,
        version,
        sealed: contents.closeToken(credential, token),
        renewAtMs,
        expiresAtMs: token.expiresAtMs,
        keepUntilMs,
      }),
    );
    return isStored ? version : undefined;
  }

  async function giveUp(
    { credential, holder, advice, stored }: GivenRenewal,
    { failure, renewal }: Failed,
  ): Promise<void> {
    onFailed(credential, failure);
    const token = { expiresAtMs: undefined, ...(stored ?? { value: '' }), renewal };
    await persist(times.storeRetry, () =>
      scripts.fail(credential, {
        holder,
        sealedFailure: contents.closeFailure(credential, failure),
        cooldownMs: hopelessKinds.has(failure.kind) ? times.refusedCooldown : times.cooldown,
        beganWith: advice.version,
        kept:
          renewal === undefined
            ? undefined
            : {
                version: randomUUID(),
                sealed: contents.closeToken(credential, token),
                keepUntilMs: lifeOf(token, credential.source, advice.nowMs).keepUntilMs,
              },
      }),
    );
  }

  return async (given) => {
    const { credential, stored, advice } = given;
    const result = await obtainToken({ limitMs: times.obtain, onFailed, now }, credential, {
      stored,
      nowMs: advice.nowMs,
    });
    if (result.kind === 'failed') {
      await giveUp(given, result);
      return { kind: 'failed', failure: result.failure };
    }
    const version = await store(given, result.token);
    if (version === undefined) return 'superseded';
    if (!result.isBrought) onRenewed(credential);
    const origin = result.isBrought ? 'stored' : 'obtained';
    return { kind: 'token', value: result.token.value, version, origin };
  };
}

type Failed = Extract<TokenResult, { kind: 'failed' }>;

async function persist<Reply>(retryMs: number, write: () => Promise<Reply>): Promise<Reply> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries >= storeTries || !isRedisUnavailable(error)) throw error;
      await delay(retryMs);
    }
  }
}
