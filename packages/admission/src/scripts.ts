import { defineScript } from '@sluice/redis';
import { z } from 'zod';
import type { RefusalReason } from './admission.ts';

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);

interface RateReply {
  readonly remaining: number;
  readonly resetMs: number;
}

/** Reply of `acquire-8.lua`. */
export type AcquireReply = {
  /** The Redis clock, ms since 1970. */
  readonly redisNow: number;
  readonly requests: RateReply;
  readonly tokens: RateReply;
} & (
  | { readonly verdict: 'admitted' | 'waiting' }
  | { readonly verdict: 'refused'; readonly reason: RefusalReason; readonly retryAfterMs: number | undefined }
);

const ms = z.number().int();
const count = z.number().int();
const acquireReply = z.tuple([
  z.enum(['admitted', 'waiting', 'refused']),
  ms,
  z.enum(['', 'concurrency', 'requests', 'tokens', 'overloaded']),
  ms,
  count,
  ms,
  count,
  ms,
]);

export const acquireScript = defineScript(here('acquire-8.lua'), (reply): AcquireReply => {
  const [verdict, redisNow, reason, retryMs, requestsLeft, requestsMs, tokensLeft, tokensMs] =
    acquireReply.parse(reply);
  const rates = {
    redisNow,
    requests: { remaining: requestsLeft, resetMs: requestsMs },
    tokens: { remaining: tokensLeft, resetMs: tokensMs },
  };
  if (verdict !== 'refused') return { verdict, ...rates };
  if (reason === '') throw new Error('acquire-8.lua refused without a reason');
  return { verdict, reason, retryAfterMs: retryMs < 0 ? undefined : retryMs, ...rates };
});

/** True when the request was still known. */
export const releaseScript = defineScript(here('release-8.lua'), (reply) => z.number().parse(reply) === 1);

const renewReply = z.array(z.enum(['running', 'waiting', 'lost']));
export const renewScript = defineScript(here('renew-6.lua'), (reply) => renewReply.parse(reply));
