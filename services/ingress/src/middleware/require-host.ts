import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/** Refuses HTTP/1.1 requests without a `host` header. Node would refuse them too, but not in OpenAI's envelope. */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersionMinor > 0) {
    throw new GatewayError('invalid_request', { message: 'The request has no "host" header, which HTTP/1.1 wants.' });
  }
  next();
};
