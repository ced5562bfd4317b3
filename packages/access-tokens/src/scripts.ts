import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';

/** Identifies a credential's access token in Redis. */
export interface TokenRef {
  readonly upstreamId: string;
  readonly credentialId: string;
}

/** Token scripts with named arguments. The header of each Lua file defines its guarantees. */
export interface TokenScripts {
  consult(token: TokenRef, asking: Asking): Promise<Advice>;
  /** Returns false if another token was stored meanwhile. */
  store(token: TokenRef, entry: TokenEntry): Promise<boolean>;
  fail(token: TokenRef, failed: FailedRenewal): Promise<void>;
  /** Returns false if it is no longer the current token. */
  refuse(token: TokenRef, version: string): Promise<boolean>;
}

export interface Asking {
  readonly holder: string;
  readonly leaseMs: number;
  /** Version that this process cannot read. */
  readonly unusable: string;
}

/** Reply of `consult-1.lua`. */
export interface Advice {
  readonly verdict: 'token' | 'renew' | 'ahead' | 'wait' | 'failed';
  /** Time on the Redis clock, ms since 1970. */
  readonly nowMs: number;
  readonly version: string;
  readonly sealed: string;
  readonly waitMs: number;
}

/** A token to store; times in ms since 1970. */
export interface TokenEntry {
  readonly replaces: string;
  readonly version: string;
  readonly sealed: string;
  readonly renewAtMs: number;
  /** Expiry; undefined if unknown. */
  readonly expiresAtMs: number | undefined;
  readonly keepUntilMs: number;
}

export interface FailedRenewal {
  readonly holder: string;
  readonly sealedFailure: string;
  readonly cooldownMs: number;
  readonly beganWith: string;
  /** Entry for the next renewal, if this one has used up the last. */
  readonly kept: Pick<TokenEntry, 'version' | 'sealed' | 'keepUntilMs'> | undefined;
}

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const consultReply = z.tuple([
  z.enum(['token', 'renew', 'ahead', 'wait', 'failed']),
  z.number().int(),
  z.string(),
  z.string(),
  z.number().int(),
]);
const consultScript = defineScript(here('consult-1.lua'), (reply) => consultReply.parse(reply));
const number = z.number();
const isOne = (reply: unknown): boolean => number.parse(reply) === 1;
const storeScript = defineScript(here('store-1.lua'), isOne);
const failScript = defineScript(here('fail-1.lua'), isOne);
const refuseScript = defineScript(here('refuse-1.lua'), isOne);

export function createScripts(connection: RedisConnection, keys: Keys): TokenScripts {
  const keyOf = ({ upstreamId, credentialId }: TokenRef): [string] => [keys.token(upstreamId, credentialId)];
  return {
    async consult(token, { holder, leaseMs, unusable }) {
      const reply = await consultScript.run(connection, keyOf(token), [holder, leaseMs, unusable]);
      const [verdict, nowMs, version, sealed, waitMs] = reply;
      return { verdict, nowMs, version, sealed, waitMs };
    },
    store: (token, { replaces, version, sealed, renewAtMs, expiresAtMs, keepUntilMs }) =>
      storeScript.run(connection, keyOf(token), [
        replaces,
        version,
        sealed,
        Math.floor(renewAtMs),
        Math.floor(expiresAtMs ?? 0),
        Math.ceil(keepUntilMs),
      ]),
    async fail(token, { holder, sealedFailure, cooldownMs, beganWith, kept }) {
      await failScript.run(connection, keyOf(token), [
        holder,
        sealedFailure,
        cooldownMs,
        beganWith,
        kept?.sealed ?? '',
        kept?.version ?? '',
        Math.ceil(kept?.keepUntilMs ?? 0),
      ]);
    },
    refuse: (token, version) => refuseScript.run(connection, keyOf(token), [version]),
  };
}
