import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { redisAway } from '../redis-away.ts';
import type { ReplicaState } from '../routes/health.ts';

const memoryFull = 'This replica of the gateway has reached its memory limit. Try again later.';

/**
 * Refuses requests at once while Redis is away, while the memory is full, and before the replica stops. A draining replica
 * serves while its remaining time covers the longest answer, and in any case until its load balancer has noticed; it ends
 * each connection with its answer.
 */
export function refuseUnready(state: () => ReplicaState): RequestHandler {
  return (_request, response, next) => {
    const { isDraining, isRefusing, isRedisAway, isMemoryFull } = state();
    if (isDraining) response.setHeader('connection', 'close');
    if (isRefusing) throw new GatewayError('draining', { retryAfterMs: 1000 });
    if (isRedisAway) throw redisAway();
    if (isMemoryFull) throw new GatewayError('server_overloaded', { message: memoryFull, retryAfterMs: 2000 });
    next();
  };
}
