import type { Request, RequestHandler } from 'express';

const methods = /:(?:generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents)$/;

/** Returns whether a client of Google's API sent a request: it uses the same paths for its models as OpenAI's clients. */
export const isOfGoogle = ({ headers, url, path }: Request): boolean =>
  headers['x-goog-api-key'] !== undefined || /[?&]key=/.test(url) || methods.test(path);

/**
 * Takes the key of Google's clients, from `x-goog-api-key` or the query, and removes it from both: a URL reaches logs and spans.
 * A key in `authorization` or `x-api-key` takes precedence.
 */
export const takeGoogleKey: RequestHandler = (request, _response, next) => {
  const { headers } = request;
  // The query begins at the first question mark; later ones belong to it.
  const { path = '', query = '' } = /^(?<path>[^?]*)\??(?<query>.*)$/s.exec(request.url)?.groups ?? {};
  const parameters = new URLSearchParams(query);
  const key = headers['x-goog-api-key'] ?? parameters.get('key') ?? undefined;
  delete headers['x-goog-api-key'];
  if (parameters.has('key')) {
    parameters.delete('key');
    const rest = parameters.toString();
    request.url = rest === '' ? path : `${path}?${rest}`;
    request.originalUrl = `${request.baseUrl}${request.url}`;
  }
  if (headers.authorization === undefined && headers['x-api-key'] === undefined && typeof key === 'string') {
    headers['x-api-key'] = key;
  }
  next();
};
