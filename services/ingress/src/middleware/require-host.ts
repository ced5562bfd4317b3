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
  if (countHosts(request.rawHeaders) > 1) {
    throw new GatewayError('invalid_request', {
      message: 'The request has several "host" headers; HTTP/1.1 wants one.',
    });
  }
  next();
};

/** `headersDistinct` would make a list for every header of every request. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}
