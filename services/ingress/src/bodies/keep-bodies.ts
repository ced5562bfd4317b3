import type { RequestHandler } from 'express';
import { contextOf, principalOf, setBodyCopies } from '../context.ts';
import { keyOf } from '../middleware/authenticate.ts';
import { putJson, takeJson } from '../middleware/read-json.ts';
import { type CopyNeeds, openCopies } from './body-copies.ts';

/** Copies the body of a request, and lets its answer be copied, if the records may hold the bodies of its key. */
export function keepBodies(needs: CopyNeeds): RequestHandler {
  return (request, response, next) => {
    // A response that is closed already would never give its room back.
    if (!principalOf(response).mayLogBodies || response.destroyed) return next();
    const json = takeJson(request);
    putJson(request, json);
    const secret = keyOf(request);
    const copies = openCopies(needs, {
      id: contextOf(response).requestId,
      body: json.bytes,
      secrets: secret === undefined ? [] : [secret],
    });
    if (copies !== undefined) {
      setBodyCopies(response, copies);
      response.once('close', copies.close);
    }
    next();
  };
}
