import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { type Call, type CallListener, createUpstreamClient } from '@sluice/upstream';
import { onTestFinished } from 'vitest';

type ClientSettings = Parameters<typeof createUpstreamClient>[0];

/** Creates a client that is closed after the test. */
export function createClient(settings: Partial<ClientSettings> = {}) {
  const client = createUpstreamClient({ connectTimeoutMs: 2000, keepAliveMs: 5000, ...settings });
  onTestFinished(() => client.close());
  return client;
}

/** Starts a server on this machine until the test is over. */
export async function listen(server: Server, scheme: 'http' | 'https' = 'http'): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return `${scheme}://${scheme === 'https' ? 'localhost' : '127.0.0.1'}:${address.port}/v1/x`;
}

export interface RawRequest {
  readonly socket: Socket;
  /** Numbers of the connection and of the request on it, from 0. */
  readonly connection: number;
  readonly request: number;
}

/** Starts a server that receives whole requests (all of them have a body) and answers with raw bytes. */
export function rawServer(answer: (request: RawRequest) => void): Promise<string> {
  let connections = 0;
  return listen(
    createTcpServer((socket) => {
      const connection = connections++;
      let request = 0;
      let seen = '';
      socket.on('data', (piece: Buffer) => {
        seen += piece.toString('latin1');
        while (seen.includes(sentBody)) {
          seen = seen.slice(seen.indexOf(sentBody) + sentBody.length);
          answer({ socket, connection, request: request++ });
        }
      });
    }),
  );
}

const sentBody = '{"a":1}';
export const requestTo = (url: string) =>
  ({ method: 'POST', url, headers: { 'content-type': 'application/json' }, body: sentBody }) as const;

export interface Outcome {
  readonly head: ResponseHead | undefined;
  readonly text: string;
  /** Text in the received pieces. */
  readonly pieces: readonly string[];
  readonly failure: UpstreamFailure | undefined;
  /** True if the failure reports a cut body. */
  readonly isCut: boolean;
}

interface AskOptions {
  readonly client?: ReturnType<typeof createUpstreamClient>;
  readonly onText?: (text: string, call: Call) => void;
}

/** Makes a call and waits for its end. */
export function ask(url: string, { client = createClient(), onText }: AskOptions = {}): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let head: ResponseHead | undefined;
  const pieces: string[] = [];
  const end = (failure: UpstreamFailure | undefined, isCut = false): void =>
    resolve({ head, text: pieces.join(''), pieces, failure, isCut });
  const listener: CallListener = {
    onHead: (received) => (head = received),
    onText(piece) {
      pieces.push(piece);
      onText?.(piece, call);
    },
    onEnd: () => end(undefined),
    onFailure: end,
  };
  const call = client.call(requestTo(url), listener);
  return promise;
}

/** Returns an answer as raw HTTP text. */
export function answerOf(
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([headOf({ 'content-length': String(bytes.length), ...headers }, status), bytes]);
}

export function headOf(headers: Readonly<Record<string, string>>, status = 200): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n`);
}

export const chunkOf = (bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
export const lastChunk = Buffer.from('0\r\n\r\n');
