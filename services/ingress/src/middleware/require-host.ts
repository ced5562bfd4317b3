import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/** HTTP/1.1 wants a `host` header. Node would refuse without one too, but not in the envelope. */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersionMinor > 0) {
    throw new GatewayError('invalid_request', { message: 'The request has no "host" header, which HTTP/1.1 wants.' });
  }
  next();
};
