import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterFile } from '@sluice/testkit';

/**
 * A provider that repeats the key of the call wherever an error has room for text. Below `/whole` it answers with an
 * error, below `/stream` with an error event, below `/long` with a message that a later cut at 1000 characters splits
 * three quarters into the key.
 */
export const startEchoProvider = (): Promise<string> =>
  listen((request, response) => {
    const { authorization = '' } = request.headers;
    const key = authorization.replace('Bearer ', '');
    const isStream = request.url?.startsWith('/stream') === true;
    const isLong = request.url?.startsWith('/long') === true;
    const before = isLong ? '.'.repeat(1000 - Math.floor(key.length * 0.75)) : `${authorization} may not: `;
    const text = JSON.stringify({ error: { message: before + key, type: key, param: key, code: key } });
    response.writeHead(isStream ? 200 : 400, {
      'content-type': isStream ? 'text/event-stream' : 'application/json',
      'x-request-id': key,
    });
    response.end(isStream ? `data: ${text}\n\n` : text);
  });

/**
 * A provider of any type that fails as the model's name says, and repeats everything that it received: `status401`
 * answers with this status; `long400` puts text in front, so that the cut falls three quarters into the key; `silence`
 * never answers. Its errors have the fields of every provider's errors. It refuses requests for tokens.
 */
export const startEchoOfAll = (): Promise<string> =>
  listen((request, response) => {
    void text(request).then((body) => {
      const [, how, digits] = /(status|long)(\d{3})/.exec(`${request.url} ${body}`) ?? [];
      const isToken = request.url?.endsWith('/oauth/token') === true;
      if (digits === undefined && !isToken) return;
      const told = repeat(request, isToken ? body : '');
      const message = how === 'long' ? '.'.repeat(1000 - Math.floor(told.indexOf(' ') * 0.75)) + told : told;
      const isOllama = request.url?.startsWith('/ollama') === true;
      const fields = { message, msg: message, detail: message, error_description: message };
      // Some adapters put more words behind a number.
      const number = how === 'long' ? { code: 1213 } : {};
      const error = isOllama ? message : { message, type: message, param: message, status: message, ...number };
      response.writeHead(Number(digits ?? 400), {
        'content-type': 'application/json',
        'x-request-id': message.slice(-90),
      });
      response.end(JSON.stringify({ ...fields, error }));
    });
  });

/** Lines with keys come first. */
function repeat({ url, headers }: IncomingMessage, body: string): string {
  const values = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const isKey = (line: string): boolean => /^(?:authorization|api-key|x-api-key|x-goog-api-key|x-team):/.test(line);
  const lines = values.toSorted((one, other) => Number(isKey(other)) - Number(isKey(one)));
  const bare = lines.filter(isKey).map((line) => line.replace(/^[^:]+: (?:Bearer |Basic )?/, ''));
  return [...bare, body, decodeURIComponent(body), ...lines, url, decodeURIComponent(url ?? '')].join(' ');
}

async function listen(onRequest: RequestListener): Promise<string> {
  const server = createServer(onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterFile(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
