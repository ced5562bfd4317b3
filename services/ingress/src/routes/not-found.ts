import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/** Everything that no route answers. */
export const notFound: RequestHandler = (request) => {
  throw new GatewayError('unknown_url', { message: `Unknown request URL: ${request.method} ${request.path}.` });
};

/** A route that exists, asked with a method that it does not have. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('allow', allowed.join(', '));
    throw new GatewayError('method_not_allowed', {
      message: `${request.baseUrl}${request.path} does not answer to ${request.method}, only to ${allowed.join(', ')}.`,
    });
  };
}
