import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';

/** Names a credential's token in Redis. */
export interface TokenRef {
  readonly upstreamId: string;
  readonly credentialId: string;
}

/** The token scripts with their arguments by name. What they promise stands at the top of each Lua file. */
export interface TokenScripts {
  consult(token: TokenRef, asking: Asking): Promise<Advice>;
  /** False when another token has been stored meanwhile. */
  store(token: TokenRef, entry: TokenEntry): Promise<boolean>;
  fail(token: TokenRef, failed: FailedRenewal): Promise<void>;
  /** False when it is not the one in use any more. */
  refuse(token: TokenRef, version: string): Promise<boolean>;
}

export interface Asking {
  readonly holder: string;
  readonly leaseMs: number;
  /** A version that can't be read here. */
  readonly unusable: string;
}

/** Reply of `consult-1.lua`. */
export interface Advice {
  readonly verdict: 'token' | 'renew' | 'freshen' | 'wait' | 'failed';
  /** The Redis clock, ms since 1970. */
  readonly nowMs: number;
  readonly version: string;
  readonly sealed: string;
  readonly waitMs: number;
}

/** Times in ms since 1970. */
export interface TokenEntry {
  readonly replaces: string;
  readonly version: string;
  readonly sealed: string;
  readonly renewAtMs: number;
  /** Undefined where nobody knows. */
  readonly expiresAtMs: number | undefined;
  readonly keepUntilMs: number;
}

export interface FailedRenewal {
  readonly holder: string;
  readonly sealedFailure: string;
  readonly cooldownMs: number;
  readonly beganWith: string;
  /** The entry that the next renewal begins with, where this one has used up the last. */
  readonly kept: Pick<TokenEntry, 'version' | 'sealed' | 'keepUntilMs'> | undefined;
}

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const consultReply = z.tuple([
  z.enum(['token', 'renew', 'freshen', 'wait', 'failed']),
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
