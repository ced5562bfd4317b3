import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import type { ReplicaState } from '../routes/health.ts';

/**
 * Refuses at once what this replica can't serve: while Redis is away, and when it is about to stop. In the first moments
 * of a drain it still serves, until whoever sends the requests has noticed, but ends each connection with its answer.
 */
export function refuseUnready(state: () => ReplicaState): RequestHandler {
  return (_request, response, next) => {
    const { isDraining, isRefusing, isRedisAway } = state();
    if (isDraining) response.setHeader('connection', 'close');
    if (isRefusing) throw new GatewayError('draining', { retryAfterMs: 1000 });
    if (isRedisAway) throw new GatewayError('redis_unavailable', { retryAfterMs: 1000 });
    next();
  };
}
