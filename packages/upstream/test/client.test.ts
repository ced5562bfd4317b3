import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { createUpstreamClient, type Call } from '@sluice/upstream';
import { afterEach, describe, expect, it } from 'vitest';

const client = createUpstreamClient({ connectTimeoutMs: 1000, keepAliveMs: 1000 });
const servers: (HttpServer | Server)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(server: HttpServer | Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/x?q=1`;
}

/** Starts a server that answers every connection with raw bytes, then calls `after` with the socket. */
const rawServer = (bytes: string | Buffer, after: (socket: Socket) => void) =>
  serve(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(bytes, () => after(socket)));
    }),
  );

interface Outcome {
  readonly head: ResponseHead | undefined;
  readonly text: string;
  readonly failure: UpstreamFailure | undefined;
}

function call(url: string, onText: (text: string, call: Call) => void = () => undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    let head: ResponseHead | undefined;
    let text = '';
    const running = client.call(
      { method: 'POST', url, headers: { 'content-type': 'application/json' }, body: '{"a":1}' },
      {
        onHead: (received) => (head = received),
        onText(piece) {
          text += piece;
          onText(piece, running);
        },
        onEnd: () => resolve({ head, text, failure: undefined }),
        onFailure: (failure) => resolve({ head, text, failure }),
      },
    );
  });
}

const chunkedHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

describe('createUpstreamClient', () => {
  it('sends the request and passes head and body on', async () => {
    const url = await serve(
      createServer((request, response) => {
        let body = '';
        request.on('data', (piece: Buffer) => (body += piece.toString()));
        request.on('end', () => {
          response.writeHead(201, { 'x-seen': `${request.method} ${request.url} ${body}`, 'x-two': ['a', 'b'] });
          response.end('grüße');
        });
      }),
    );
    const { head, text, failure } = await call(url);
    expect(failure).toBeUndefined();
    expect(head).toMatchObject({ status: 201, headers: { 'x-seen': 'POST /v1/x?q=1 {"a":1}', 'x-two': 'a, b' } });
    expect(text).toBe('grüße');
  });

  it('passes the pieces of one read on as one, and those before a break', async () => {
    const chunks = '1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n';
    for (const end of ['0\r\n\r\n', 'no chunk']) {
      const pieces: string[] = [];
      const url = await rawServer(`${chunkedHead}${chunks}${end}`, (socket) => socket.end());
      const { failure } = await call(url, (piece) => pieces.push(piece));
      expect(pieces).toEqual(['abcd']);
      expect(failure === undefined).toBe(end.startsWith('0'));
    }
  });

  it('reassembles characters that the network split', async () => {
    const euro = Buffer.from('€');
    const url = await serve(
      createServer((_request, response) => {
        response.write(euro.subarray(0, 1));
        setImmediate(() => response.end(euro.subarray(1)));
      }),
    );
    const pieces: string[] = [];
    expect(await call(url, (piece) => pieces.push(piece))).toMatchObject({ text: '€' });
    expect(pieces).toEqual(['€']);
  });

  it('names a refused connection without its address', async () => {
    const url = await serve(createServer());
    servers[0]?.close();
    const { failure } = await call(url);
    expect(failure).toEqual({ kind: 'network', message: 'The provider refused the connection.' });
  });

  it.each([
    ['closed before an answer', '', (socket: Socket) => socket.end(), 'network'],
    ['reset before an answer', '', (socket: Socket) => socket.resetAndDestroy(), 'network'],
    ['reset in the middle', `${chunkedHead}5\r\nhello\r\n`, (socket: Socket) => socket.resetAndDestroy(), 'network'],
    ['closed inside a chunked body', `${chunkedHead}5\r\nhello\r\n`, (socket: Socket) => socket.end(), 'network'],
    ['reset after its head', chunkedHead, (socket: Socket) => socket.resetAndDestroy(), 'network'],
    ['not HTTP', 'SSH-2.0-x\r\n\r\n', (socket: Socket) => socket.end(), 'malformed'],
  ])('reports a connection that is %s', async (_what, bytes, after, kind) => {
    const url = await rawServer(bytes, after);
    expect((await call(url)).failure?.kind).toBe(kind);
  });

  it.each([
    [
      'inside',
      Buffer.concat([Buffer.from(`${chunkedHead}3\r\na`), Buffer.from([0xff]), Buffer.from('b\r\n0\r\n\r\n')]),
    ],
    [
      'at the end',
      Buffer.concat([Buffer.from(`${chunkedHead}2\r\na`), Buffer.from([0xe2]), Buffer.from('\r\n0\r\n\r\n')]),
    ],
  ])('reports invalid UTF-8 %s of an answer', async (_where, bytes) => {
    const url = await rawServer(bytes, () => undefined);
    expect((await call(url)).failure).toMatchObject({ kind: 'malformed' });
  });

  it('closes the socket at once when aborted, and calls no listener after that', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await rawServer(`${chunkedHead}5\r\nhello\r\n`, (socket) =>
      socket.once('close', () => closed.resolve()),
    );
    let heard = 0;
    void call(url, (_piece, running) => {
      running.abort();
      heard++;
    }).then(() => (heard += 100));
    await closed.promise;
    expect(heard).toBe(1);
  });

  it('aborts a call that has no connection yet', async () => {
    const server = createServer();
    const url = await serve(server);
    let requests = 0;
    server.on('request', () => requests++);
    const running = client.call(
      { method: 'POST', url, headers: {}, body: '' },
      { onHead: () => requests++, onText: () => undefined, onEnd: () => requests++, onFailure: () => requests++ },
    );
    running.abort();
    await call(await serve(createServer((_request, response) => response.end('ok'))));
    expect(requests).toBe(0);
  });

  it('stops reading while paused, so that TCP slows the upstream down', async () => {
    const piece = 'x'.repeat(64 * 1024);
    let written = 0;
    const url = await serve(
      createServer((_request, response) => {
        const more = (): void => {
          while (written < 40_000_000) {
            written += piece.length;
            if (!response.write(piece)) return void response.once('drain', more);
          }
          response.end();
        };
        more();
      }),
    );
    let isPaused = false;
    const { text, failure } = await call(url, (_text, running) => {
      if (isPaused) return;
      isPaused = true;
      running.pause();
      let before = -1;
      const look = setInterval(() => {
        if (written !== before) return void (before = written);
        clearInterval(look);
        expect(written).toBeLessThan(40_000_000);
        running.resume();
      }, 50);
    });
    expect(failure).toBeUndefined();
    expect(text.length).toBe(written);
  });

  it.each([200, 503])('reuses a connection after an answer of status %i (rows 000-38, 002-27)', async (status) => {
    let connections = 0;
    const server = createServer((_request, response) => response.writeHead(status).end('said'));
    server.on('connection', () => connections++);
    const url = await serve(server);
    await call(url);
    // The pool takes the connection back after the turn that reads the answer.
    await new Promise((resolve) => setImmediate(resolve));
    await call(url);
    expect(connections).toBe(1);
  });

  it('waits a limited time for a call whose answer is ignored', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve(
      createServer((request) => {
        request.socket.once('close', () => closed.resolve());
      }),
    );
    const short = createUpstreamClient({ connectTimeoutMs: 1000, keepAliveMs: 1000, tellMs: 50 });
    short.tell({ method: 'POST', url, headers: {}, body: '{}' });
    await expect(closed.promise).resolves.toBeUndefined();
    await short.close();
  });

  it('sends the ignored call even if the client closes right after it', async () => {
    const heard: string[] = [];
    const url = await serve(
      createServer((request, response) => {
        heard.push(String(request.url));
        response.end();
      }),
    );
    const leaving = createUpstreamClient({ connectTimeoutMs: 1000, keepAliveMs: 1000 });
    leaving.tell({ method: 'POST', url, headers: {}, body: '{}' });
    await leaving.close();
    expect(heard).toEqual(['/v1/x?q=1']);
  });

  it('reports an invalid address', async () => {
    expect((await call('http://127.0.0.1:1')).failure?.kind).toBe('network');
  });
});
