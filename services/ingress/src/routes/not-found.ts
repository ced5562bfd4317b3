import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/** Refuses requests that match no route. */
export const notFound: RequestHandler = (request) => {
  throw new GatewayError('unknown_url', { message: `Unknown request URL: ${request.method} ${request.path}.` });
};

/** Refuses the methods that a route does not have. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('allow', allowed.join(', '));
    throw new GatewayError('method_not_allowed', {
      message: `${request.baseUrl}${request.path} does not answer to ${request.method}, only to ${allowed.join(', ')}.`,
    });
  };
}
