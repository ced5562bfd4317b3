import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { until } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { limitPipelines } from '../src/pipeline-limit.ts';
import { serve } from './middleware/serving.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function open(listener: RequestListener, limits = { maxRequests: 4, stallMs: 60_000 }): Promise<Socket> {
  const socket = connect(await serve(limitPipelines(listener, limits)), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const get = (at: number): string => `GET /${at} HTTP/1.1\r\nHost: x\r\n\r\n`;
const gets = (count: number): string => Array.from({ length: count }, (_, at) => get(at)).join('');

async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) {
    text += String(piece);
    if (text.includes(end)) break;
  }
  return text;
}

describe('the requests of one connection', () => {
  it('begin in order, up to the maximum, and the next one when one is answered', async () => {
    const begun: string[] = [];
    const unanswered: ServerResponse[] = [];
    const socket = await open(({ url = '' }, response) => {
      begun.push(url);
      unanswered.push(response);
    });
    socket.write(gets(10));
    await until(() => begun.length === 4, { what: 'four to begin' });
    socket.resume();
    for (let answered = 0; answered < 10; answered++) {
      unanswered[answered]?.end('ok');
      const expected = Math.min(10, answered + 5);
      await until(() => begun.length === expected, { what: 'the next one to begin' });
    }
    expect(begun).toEqual(Array.from({ length: 10 }, (_, at) => `/${at}`));
  });

  it('are all answered, also those with bodies', async () => {
    const socket = await open((request, response) => {
      let text = '';
      request.on('data', (piece) => (text += String(piece)));
      request.on('end', () => response.end(`[${request.url} ${text}]`));
    });
    const body = 'x'.repeat(1000);
    const posts = Array.from(
      { length: 500 },
      (_, at) => `POST /${at} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    socket.write(posts.join(''));
    const text = await readUntil(socket, '[/499 ');
    expect(Array.from(text.matchAll(/\[\/(\d+) x+/g), ([, at]) => Number(at))).toEqual(posts.map((_, at) => at));
  });

  it('wait while 1 MiB of answers is unread, and are not even read from the connection', async () => {
    let begun = 0;
    const large = Buffer.alloc(300_000);
    const socket = await open((_request, response) => {
      begun++;
      response.end(large);
    });
    socket.pause();
    // More than the buffers of both sides hold.
    socket.write(get(0).repeat(600_000));
    let before = 0;
    const isStill = (): boolean => {
      const isSame = begun === before;
      before = begun;
      return isSame;
    };
    await until(() => begun > 3, { what: 'some to begin' });
    await until(isStill, { what: 'no more to begin', intervalMs: 200 });
    expect(begun).toBeLessThan(100);
    expect(socket.writableLength).toBeGreaterThan(0);
  });

  it('end with the connection when its client reads nothing for too long', async () => {
    const socket = await open((_request, response) => void response.end(Buffer.alloc(8_000_000)), {
      maxRequests: 4,
      stallMs: 50,
    });
    socket.pause();
    socket.write(gets(100));
    await until(() => socket.destroyed || (socket.resume(), false), { what: 'the connection to end' });
    expect(socket.destroyed).toBe(true);
  });

  it('wait for a slow answer without a limit, if the client reads', async () => {
    const unanswered: ServerResponse[] = [];
    const socket = await open((_request, response) => void unanswered.push(response), { maxRequests: 1, stallMs: 20 });
    socket.write(gets(2));
    await until(() => unanswered.length === 1, { what: 'one to begin' });
    const waited = performance.now() + 100;
    await until(() => performance.now() > waited, { what: 'the time of a stall to be over' });
    unanswered[0]?.end('first');
    await until(() => unanswered.length === 2, { what: 'the other to begin' });
    unanswered[1]?.end('second');
    expect(await readUntil(socket, 'second')).toContain('first');
  });
});
