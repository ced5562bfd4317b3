import { once } from 'node:events';
import { Agent, IncomingMessage, request, type RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { until } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { type ClientServer, listen, type ListenOptions } from '../src/server.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const answering: RequestListener = (_request, response) => void response.end('ok');

async function serving(over: Partial<ListenOptions> = {}, listener = answering): Promise<ClientServer> {
  const server = await listen(
    { listener, IncomingMessage, ServerResponse },
    {
      host: '127.0.0.1',
      port: 0,
      maxConnections: 100,
      maxPipelinedRequests: 32,
      keepAliveMs: 620_000,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 60_000,
      slowClientMs: 30_000,
      onDropped: () => undefined,
      ...over,
    },
  );
  closers.push(() => server.close());
  return server;
}

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  return socket;
}

/** Sends a request on a connection that stays open. */
async function keptConnection(port: number): Promise<Socket> {
  const socket = open(port);
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

describe('a connection', () => {
  it('announces the keep-alive time of the setting', async () => {
    const { port } = await serving({ keepAliveMs: 4_020_000 });
    const agent = new Agent({ keepAlive: true });
    closers.push(() => agent.destroy());
    const [response] = (await once(request({ port, host: '127.0.0.1', agent }).end(), 'response')) as [IncomingMessage];
    response.resume();
    expect(response.headers['keep-alive']).toBe('timeout=4020');
  });

  it('is closed if it is idle and there are too many', async () => {
    let dropped = 0;
    const { port } = await serving({ maxConnections: 2, onDropped: () => dropped++ });
    const kept = [await keptConnection(port), await keptConnection(port)];
    const late = open(port);
    await once(late, 'close');
    expect(dropped).toBe(1);
    await until(() => kept.every((socket) => socket.closed || socket.readableEnded), {
      what: 'idle connections closed',
    });
    await keptConnection(port);
  });

  it('is not closed while its answer is under way', async () => {
    const { port } = await serving({ maxConnections: 1 }, (_request, response) => void response.write('begun'));
    const busy = await keptConnection(port);
    await once(open(port), 'close');
    expect([busy.closed, busy.readableEnded]).toEqual([false, false]);
  });
});

describe('a connection, once answers are to end theirs', () => {
  it('ends with the answer that is under way', async () => {
    const { server, answer } = await waiting();
    const socket = await begun(server.port, 1);
    server.endWithAnswers();
    answer();
    expect(await rest(socket)).toMatch(/whole 0/);
  });

  it('ends with the last of the answers to pipelined requests', async () => {
    const { server, answer } = await waiting();
    const socket = await begun(server.port, 3);
    server.endWithAnswers();
    answer();
    expect(await rest(socket)).toMatch(/whole 0[^]*whole 1[^]*whole 2/);
  });

  it('answers a request that follows at once', async () => {
    let count = 0;
    const server = await serving({}, (_request, response) => void response.end(`whole ${count++}`));
    server.endWithAnswers();
    const socket = await begun(server.port, 1);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const [said] = await Promise.all([rest(socket), server.idle()]);
    expect(said).toMatch(/whole 1/);
  });

  /** Its answers begin at once, and end when they are told to. */
  async function waiting(): Promise<{ readonly server: ClientServer; readonly answer: () => void }> {
    const told = Promise.withResolvers<void>();
    let count = 0;
    const server = await serving({}, (_request, response) => {
      const number = count++;
      response.write('begun ');
      void told.promise.then(() => response.end(`whole ${number}`));
    });
    return { server, answer: told.resolve };
  }

  async function begun(port: number, requests: number): Promise<Socket> {
    const socket = open(port);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(requests));
    await once(socket, 'data');
    return socket;
  }

  async function rest(socket: Socket): Promise<string> {
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  }
});

describe('a slow request', () => {
  it('gets 408 when its headers exceed the time limit', async () => {
    const { port } = await serving({ headersTimeoutMs: 1000, requestTimeoutMs: 60_000 });
    const socket = open(port);
    socket.write('GET / HTTP/1.1\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
  });
});
