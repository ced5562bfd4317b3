import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { createOidcIdentities } from '../../src/oidc/oidc-identities.ts';
import type { AcceptedKey } from '../../src/keys/known-key.ts';

const digestOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Returns a client key. */
export const keyFor = (key: string, over: Partial<AcceptedKey> = {}): AcceptedKey => ({
  id: digestOf(key).slice(0, 16),
  name: key,
  digest: digestOf(key),
  hint: undefined,
  admin: false,
  weight: 1,
  models: ['*'],
  limits: {},
  budgets: {},
  tags: [],
  allowedAddresses: [],
  logBodies: false,
  ...over,
});

export const noProxies = { http: undefined, https: undefined, exempt: '' };

/** Tokens where no issuer is configured. */
export const noTokens = createOidcIdentities({
  issuers: [],
  proxies: noProxies,
  findTeam: () => undefined,
  onError: () => undefined,
  now: () => 0,
});

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Serves until the end of the test; resolves with the port. */
export async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** The pieces of the body. Without a length in the headers, they are sent as chunks. */
  readonly body?: readonly (string | Buffer)[];
  /** The end of the body is not sent. */
  readonly isOpen?: boolean;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly json: { readonly error?: { readonly code: string; readonly message: string } };
}

/** Sends a request on a connection of its own. */
export async function send(port: number, { method = 'POST', path = '/', headers = {}, body = [], isOpen }: Sent) {
  const outgoing = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  outgoing.on('error', () => undefined);
  closers.push(() => outgoing.destroy());
  outgoing.flushHeaders();
  for (const piece of body) outgoing.write(piece);
  if (isOpen !== true) outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += String(piece);
  const { statusCode: status = 0 } = response;
  return { status, headers: response.headers, json: JSON.parse(text) } as Received;
}
