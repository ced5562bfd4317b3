import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import type { ReplicaState } from '../routes/health.ts';

/** Sends requests that still arrive on open connections to another replica. */
export function refuseWhileDraining(state: () => ReplicaState): RequestHandler {
  return (_request, response, next) => {
    if (!state().isDraining) return next();
    response.setHeader('connection', 'close');
    throw new GatewayError('draining', { retryAfterMs: 1000 });
  };
}
