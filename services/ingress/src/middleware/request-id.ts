import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { requestIdPattern } from '@sluice/protocol';
import { setContext } from '../context.ts';

/** Gives the request its ids, its start time, and a signal that aborts when its client leaves. */
export const requestId: RequestHandler = (request, response, next) => {
  const own = randomUUID();
  const given = request.get('x-request-id');
  const publicId = given !== undefined && requestIdPattern.test(given) ? given : own;
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  setContext(response, { requestId: own, publicId, startedAt: performance.now(), signal: controller.signal });
  response.setHeader('x-request-id', publicId);
  next();
};
