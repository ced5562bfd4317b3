import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/**
 * Refuses a request that has not exactly one `host` header, as HTTP/1.1 requires. Node would refuse a missing one
 * without the error envelope; of several, Node takes the first, and a proxy in front may have checked another one.
 */
export const requireHost: RequestHandler = (request, _response, next) => {
  if (request.headers.host === undefined && request.httpVersionMinor > 0) {
    throw new GatewayError('invalid_request', { message: 'The request has no "host" header; HTTP/1.1 requires one.' });
  }
  if (countHosts(request.rawHeaders) > 1) {
    throw new GatewayError('invalid_request', {
      message: 'The request has several "host" headers; HTTP/1.1 allows one.',
    });
  }
  next();
};

/** Counts without `headersDistinct`, which makes a list for every header of every request. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}
