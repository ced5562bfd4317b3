import type { RequestHandler } from 'express';

/**
 * Replaces several slashes in a row by one: clients that put another slash between base URL and path request
 * `//v1/chat/completions` and `/v1//models`. The query and the host of an absolute URL stay as they are.
 */
export const mergeSlashes: RequestHandler = (request, _response, next) => {
  if (request.url.includes('//')) request.url = merge(request.url);
  next();
};

function merge(url: string): string {
  const [, origin = '', path = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(.*)$/is.exec(url) ?? [];
  return `${origin}${path.replaceAll(/\/{2,}/g, '/')}${rest}`;
}
