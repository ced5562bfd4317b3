import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FailureKind, UpstreamFailure } from '@sluice/protocol';
import type { ProviderToken, TokenResult, TokenSource } from '@sluice/providers';
import { isRedisUnavailable, type Keys, type RedisConnection } from '@sluice/redis';
import { createContents } from './contents.ts';
import { holds, isDue, lifeOf } from './life.ts';
import { type Advice, createScripts, type TokenRef } from './scripts.ts';

/** A credential whose access tokens the provider issues. */
export interface TokenCredential extends TokenRef {
  readonly source: Pick<TokenSource, 'renewBeforeMs' | 'unknownLifeMs'>;
  /**
   * Requests another access token from the provider; never rejects. The failure's message is free of secrets.
   *
   * @param nowMs the clock that all workers share: ms since 1970
   * @param withinMs time limit of the request
   */
  obtain(before: ProviderToken | undefined, nowMs: number, withinMs: number): Promise<TokenResult>;
  /** Returns the token that a person provided; undefined if there is none. Absent if people provide none. */
  readBrought?(): Promise<ProviderToken | undefined>;
}

export type TokenAnswer =
  | {
      readonly kind: 'token';
      readonly value: string;
      /** Identifies the token for {@link TokenVault.refuse}. */
      readonly version: string;
      /** Origin of the token: Redis, this worker's request to the provider, or another worker's request. */
      readonly origin: 'stored' | 'obtained' | 'awaited';
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

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

/** Times of the vault, in milliseconds. */
export interface VaultTimes {
  /** Lease of a renewer; a renewer that does not report within this time counts as dead. */
  readonly lease: number;
  /** Time limit of one renewal: shorter than the lease, so that the token is stored within it. */
  readonly obtain: number;
  /** Time for which an attempt waits for its token. */
  readonly wait: number;
  /** Interval between two checks whether another worker has finished. */
  readonly poll: number;
  /** Time after a failed renewal before the next one. */
  readonly cooldown: number;
  /** Time after a failed renewal that only a person can fix. */
  readonly refusedCooldown: number;
  /** Interval between two attempts to store a token while Redis is away. */
  readonly storeRetry: number;
}

const usualTimes: VaultTimes = {
  lease: 20_000,
  obtain: 15_000,
  wait: 30_000,
  poll: 50,
  cooldown: 5000,
  refusedCooldown: 60_000,
  storeRetry: 300,
};
/**
 * Number of attempts to store a token. If providers accept each refresh token once, a token that is not stored is lost
 * for good, so the vault waits for a Redis that restarts, even beyond the lease; a token stored meanwhile is kept.
 */
const storeTries = 100;

const tooLong: UpstreamFailure = {
  kind: 'timeout',
  message: "The provider's access token could not be renewed in time.",
};
const unknownFailure: UpstreamFailure = {
  kind: 'server',
  message: "The provider's access token could not be renewed.",
};
/** Failures that do not pass with time: a login that has ended, a firewall, a captcha. */
const hopelessKinds: ReadonlySet<FailureKind> = new Set(['authentication', 'unexpected']);

export function createTokenVault(needs: TokenVaultNeeds): TokenVault {
  const { onError, now } = needs;
  const times = { ...usualTimes, ...needs.times };
  const scripts = createScripts(needs.connection, needs.keys);
  const contents = createContents(needs.secret);
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
      const lease: Lease = { credential, holder: randomUUID() };
      const advice = await scripts.consult(credential, { holder: lease.holder, leaseMs: times.lease, unusable });
      if (advice.verdict === 'failed') return failed(contents.openFailure(credential, advice.sealed) ?? unknownFailure);
      if (advice.verdict === 'wait') {
        origin = 'awaited';
        await delay(Math.min(times.poll, advice.waitMs));
        continue;
      }
      const stored = contents.openToken(credential, advice.sealed);
      if (advice.verdict === 'renew' || (advice.verdict === 'ahead' && stored === undefined)) {
        const renewed = await renew(lease, advice, stored);
        if (renewed !== 'superseded') return renewed;
      } else if (stored === undefined) {
        // Another secret encrypted it.
        unusable = advice.version;
      } else {
        if (advice.verdict === 'ahead') renewAhead(lease, advice, stored);
        return { kind: 'token', value: stored.value, version: advice.version, origin };
      }
    }
    return failed(tooLong);
  }

  function renewAhead(lease: Lease, advice: Advice, stored: ProviderToken): void {
    track(renew(lease, advice, stored).catch(onError));
  }

  async function renew(
    lease: Lease,
    { version, nowMs }: Advice,
    stored: ProviderToken | undefined,
  ): Promise<TokenAnswer | 'superseded'> {
    const { credential } = lease;
    const result = await obtain(credential, stored, nowMs);
    if (result.kind === 'failed') {
      await giveUp(lease, version, { result, stored, nowMs });
      return failed(result.failure);
    }
    const { token } = result;
    const newVersion = randomUUID();
    const { renewAtMs, keepUntilMs } = lifeOf(token, credential.source, nowMs);
    const isStored = await persist(() =>
      scripts.store(credential, {
        replaces: version,
        version: newVersion,
        sealed: contents.closeToken(credential, token),
        renewAtMs,
        expiresAtMs: token.expiresAtMs,
        keepUntilMs,
      }),
    );
    if (!isStored) return 'superseded';
    if (!result.isBrought) needs.onRenewed(credential);
    const origin = result.isBrought ? 'stored' : 'obtained';
    return { kind: 'token', value: token.value, version: newVersion, origin };
  }

  /**
   * Obtains a token. A token from a person starts the chain, and replaces it when the provider refuses its last token.
   */
  async function obtain(
    credential: TokenCredential,
    stored: ProviderToken | undefined,
    nowMs: number,
  ): Promise<Obtained> {
    const startedAt = now();
    const ask = async (before: ProviderToken | undefined): Promise<Obtained> => {
      const result = await credential.obtain(before, nowMs, times.obtain - (now() - startedAt));
      return { ...result, isBrought: false };
    };
    const result = stored === undefined ? undefined : await ask(stored);
    if (result !== undefined && (result.kind === 'token' || result.failure.kind !== 'authentication')) return result;
    const brought = await credential.readBrought?.();
    if (result !== undefined && (brought === undefined || isSame(brought, stored))) return result;
    if (brought !== undefined && !isDue(brought, credential.source, nowMs))
      return { kind: 'token', token: brought, isBrought: true };
    const renewed = await ask(brought);
    if (renewed.kind === 'token' || brought === undefined || !holds(brought, nowMs)) return renewed;
    // The token is due and cannot be renewed at the moment, but is still valid.
    needs.onFailed(credential, renewed.failure);
    const token = { ...brought, renewal: renewed.renewal ?? brought.renewal };
    return { kind: 'token', token, isBrought: true };
  }

  async function giveUp(
    { credential, holder }: Lease,
    beganWith: string,
    { result, stored, nowMs }: Loss,
  ): Promise<void> {
    const { failure, renewal } = result;
    needs.onFailed(credential, failure);
    const token = { expiresAtMs: undefined, ...(stored ?? { value: '' }), renewal };
    await persist(() =>
      scripts.fail(credential, {
        holder,
        sealedFailure: contents.closeFailure(credential, failure),
        cooldownMs: hopelessKinds.has(failure.kind) ? times.refusedCooldown : times.cooldown,
        beganWith,
        kept:
          renewal === undefined
            ? undefined
            : {
                version: randomUUID(),
                sealed: contents.closeToken(credential, token),
                keepUntilMs: lifeOf(token, credential.source, nowMs).keepUntilMs,
              },
      }),
    );
  }

  async function persist<Reply>(write: () => Promise<Reply>): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      try {
        return await write();
      } catch (error) {
        if (tries >= storeTries || !isRedisUnavailable(error)) throw error;
        await delay(times.storeRetry);
      }
    }
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

type Obtained = TokenResult & { readonly isBrought: boolean };

interface Lease {
  readonly credential: TokenCredential;
  readonly holder: string;
}

interface Loss {
  readonly result: Extract<TokenResult, { kind: 'failed' }>;
  readonly stored: ProviderToken | undefined;
  readonly nowMs: number;
}

const failed = (failure: UpstreamFailure): TokenAnswer => ({ kind: 'failed', failure });

const isSame = (one: ProviderToken, other: ProviderToken | undefined): boolean =>
  one.value === other?.value && one.renewal === other.renewal;
