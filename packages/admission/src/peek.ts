import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import type { Rates } from './admission.ts';
import type { KeyLimits, RefusalReason } from './admission-request.ts';
import { limitArguments } from './limit-arguments.ts';

/** State of a client key's own limits, for one more request. */
export interface Peeked {
  /** Undefined if the limits allow one more request. */
  readonly refusal:
    | { readonly reason: Exclude<RefusalReason, 'overloaded'>; readonly retryAfterMs: number }
    | undefined;
  readonly rates: Rates;
}

export interface PeekQuestion {
  readonly keyId: string;
  readonly limits: KeyLimits;
  /** Requests of this key whose bodies the caller is reading; they hold no lease yet. */
  readonly reading: number;
}

/** Checks whether the key's own limits would refuse a request, before its large body is read. Reserves nothing. */
export type Peek = (question: PeekQuestion) => Promise<Peeked>;

const whole = z.number().int();
const peekReply = z.tuple([z.enum(['', 'concurrency', 'requests', 'tokens']), whole, whole, whole, whole, whole]);
const peekScript = defineScript(new URL('../lua/peek-3.lua', import.meta.url), (reply) => peekReply.parse(reply));

/** Returns the name under which the leases and rates of a team are stored, in place of the id of a key, which has no colon. */
export const teamKeyId = (teamId: string): string => `team:${teamId}`;

export function createPeek({
  connection,
  keys,
}: {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, 'keyLeases' | 'requestRate' | 'tokenRate'>;
}): Peek {
  return async ({ keyId, limits, reading }) => {
    const [reason, retryAfterMs, requestsLeft, requestsMs, tokensLeft, tokensMs] = await peekScript.run(
      connection,
      [keys.keyLeases(keyId), keys.requestRate(keyId), keys.tokenRate(keyId)],
      [reading, ...limitArguments(limits)],
    );
    return {
      refusal: reason === '' ? undefined : { reason, retryAfterMs },
      rates: {
        requests:
          limits.rpm === undefined ? undefined : { limit: limits.rpm, remaining: requestsLeft, resetMs: requestsMs },
        tokens: limits.tpm === undefined ? undefined : { limit: limits.tpm, remaining: tokensLeft, resetMs: tokensMs },
      },
    };
  };
}
