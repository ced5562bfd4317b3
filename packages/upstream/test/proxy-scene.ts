import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { listen } from './scene.ts';

/** A proxy that forwards requests and opens tunnels, and records them. */
export interface TestProxy {
  readonly url: string;
  /** Recorded requests, such as `CONNECT localhost:443` and `POST http://host/path`. */
  readonly asked: string[];
  readonly authorizations: (string | undefined)[];
  /** Ends all tunnels. */
  cut(): void;
}

interface TestProxyOptions {
  /** Answers CONNECT instead of opening a tunnel. */
  readonly answer?: ((socket: Socket) => void) | undefined;
  /** Port to which all tunnels lead, so that a test may use names that do not exist. */
  readonly port?: number | undefined;
  /** Certificate of a proxy that clients connect to with TLS. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

export async function startProxy({ answer, port: fixedPort, tls }: TestProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const tunnels = new Set<Socket>();
  const server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    const { 'proxy-authorization': _own, ...headers } = request.headers;
    const forwarded = httpRequest(String(request.url), { method: request.method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 500, answered.headers);
      answered.pipe(response);
    });
    forwarded.on('error', () => response.writeHead(502, { 'proxy-status': 'test; error=connection_refused' }).end());
    request.pipe(forwarded);
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (answer !== undefined) return answer(client);
    const [host = '', port] = String(request.url).split(/:(?=\d+$)/);
    const upstream = connectTcp(fixedPort ?? Number(port), fixedPort === undefined ? host : '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    for (const socket of [client, upstream]) {
      tunnels.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    return undefined;
  });
  const url = new URL(await listen(server, tls === undefined ? 'http' : 'https'));
  return {
    url: url.origin,
    asked,
    authorizations,
    cut() {
      for (const socket of tunnels) socket.destroy();
    },
  };
}
