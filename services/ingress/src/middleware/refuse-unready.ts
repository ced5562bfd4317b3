import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import type { ReplicaState } from '../routes/health.ts';

const memoryFull = 'This replica of the gateway uses as much memory as it may just now.';

/**
 * Refuses at once what this replica can't serve: while Redis is away or its memory is full, and when it is about to stop.
 * While it drains it still serves as long as its time is enough for the longest answer, and in any case until whoever sends the
 * requests has noticed, but ends each connection with its answer.
 */
export function refuseUnready(state: () => ReplicaState): RequestHandler {
  return (_request, response, next) => {
    const { isDraining, isRefusing, isRedisAway, isMemoryFull } = state();
    if (isDraining) response.setHeader('connection', 'close');
    if (isRefusing) throw new GatewayError('draining', { retryAfterMs: 1000 });
    if (isRedisAway) throw new GatewayError('redis_unavailable', { retryAfterMs: 1000 });
    if (isMemoryFull) throw new GatewayError('server_overloaded', { message: memoryFull, retryAfterMs: 2000 });
    next();
  };
}
