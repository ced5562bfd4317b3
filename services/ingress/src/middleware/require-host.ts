import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/**
 * HTTP/1.1 wants one `host` header. Node would refuse a request without one too, but not in the envelope; of several it
 * takes the first, and what stands before us may have looked at another.
 */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersionMinor > 0) {
    throw new GatewayError('invalid_request', { message: 'The request has no "host" header, which HTTP/1.1 wants.' });
  }
  if ((request.headersDistinct.host?.length ?? 0) > 1) {
    throw new GatewayError('invalid_request', {
      message: 'The request has several "host" headers; HTTP/1.1 wants one.',
    });
  }
  next();
};
