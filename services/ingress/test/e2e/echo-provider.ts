import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/**
 * A provider that repeats the key it was called with wherever an error has room for text. Below `/whole` it answers with
 * an error, below `/stream` with an error event, below `/long` with a message that is cut to 1000 characters on the
 * way, three quarters into the key.
 */
export async function startEchoProvider(): Promise<string> {
  const server = createServer((request, response) => {
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
