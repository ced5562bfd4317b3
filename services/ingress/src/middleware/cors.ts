import type { Request, RequestHandler } from 'express';

/** Headers of answers that a page may read, besides those that browsers always allow. */
export const exposedHeaders = [
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'openai-processing-ms',
  ...['requests', 'tokens'].flatMap((unit) =>
    ['limit', 'remaining', 'reset'].map((field) => `x-ratelimit-${field}-${unit}`),
  ),
  'x-sluice-upstream',
  'x-sluice-attempts',
  'x-sluice-continuations',
  'x-sluice-cost-usd',
  'x-sluice-auto-continue',
  'x-sluice-compressed-messages',
  'x-sluice-answer-id',
  'x-sluice-replayed',
  'x-sluice-dropped',
];

const methods = 'GET, HEAD, POST, PATCH, DELETE';
/** Maximum time for which Chromium caches the answer to a preflight. */
const maxAgeSeconds = 7200;
/** A list of header names; SDKs send some twenty of their own. */
const headerNames = /^[\w!#$%&'*+.^`|~-]+(?: *, *[\w!#$%&'*+.^`|~-]+)*$/;
const longestHeaderNames = 4096;

/**
 * Lets web pages of these origins send requests from a browser and read the answers, including errors and streams. Keys
 * travel in headers, never in cookies, so `access-control-allow-credentials` is never set. Requests of other origins,
 * and without an origin, get no such headers: their preflight is a request like any other.
 */
export function cors(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins);
  const exposed = exposedHeaders.join(', ');
  const isForAll = allowed.has('*');
  return (request, response, next) => {
    const { origin } = request.headers;
    // A cache must not give the answer for one origin to another one.
    if (!isForAll && allowed.size > 0) response.vary('origin');
    if (origin === undefined || !(isForAll || allowed.has(origin))) return next();
    response.setHeader('access-control-allow-origin', isForAll ? '*' : origin);
    if (!isPreflight(request)) {
      response.setHeader('access-control-expose-headers', exposed);
      return next();
    }
    response.setHeader('access-control-allow-methods', methods);
    response.setHeader('access-control-max-age', maxAgeSeconds);
    const wanted = request.headers['access-control-request-headers'];
    // Allows all requested headers: "*" would leave out `authorization`, and new SDKs send headers that no list has.
    if (wanted !== undefined && wanted.length <= longestHeaderNames && headerNames.test(wanted)) {
      response.setHeader('access-control-allow-headers', wanted);
    }
    response.vary('access-control-request-headers');
    response.status(204).end();
  };
}

/** True for a preflight, which a browser sends before the request itself. It carries no key. */
const isPreflight = ({ method, headers }: Request): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
