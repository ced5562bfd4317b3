import { GatewayError } from '@sluice/protocol';
import { isRedisUnavailable } from '@sluice/redis';

/** Delay (ms) after which the client may try again. */
const retryAfterMs = 1000;

/** The error for a request that needs Redis while it is away. */
export const redisAway = (cause?: unknown): GatewayError =>
  new GatewayError('redis_unavailable', { retryAfterMs, cause });

/** Returns the error for the client if Redis was away; undefined for any other cause. */
export const asRedisAway = (cause: unknown): GatewayError | undefined =>
  isRedisUnavailable(cause) ? redisAway(cause) : undefined;
