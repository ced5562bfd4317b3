import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { readSse } from '../../src/clients/read-sse.ts';
import { freePort } from '../../src/processes/free-port.ts';
import { until } from '../../src/until.ts';
import { serveHttp, serveTcp } from '../serve.ts';

function stream(response: ServerResponse, ...pieces: readonly (string | Buffer)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) response.write(piece);
}

test('sends the request unchanged and returns the head of the answer', async () => {
  let seen: IncomingMessage | undefined;
  let body: string | undefined;
  const url = await serveHttp((request, response) => {
    seen = request;
    void text(request).then((all) => {
      body = all;
      response.writeHead(418, { 'x-request-id': 'r1' }).end('short');
    });
  });
  const answer = await readSse(`${url}/v1/x`, { headers: { authorization: 'Bearer k' }, body: '{}' });
  expect(await answer.finish()).toBe('whole');
  expect(seen).toMatchObject({
    method: 'POST',
    url: '/v1/x',
    headers: { authorization: 'Bearer k', connection: 'keep-alive' },
  });
  expect(body).toBe('{}');
  expect(answer).toMatchObject({ status: 418, headers: { 'x-request-id': 'r1' }, text: 'short' });
});

test('collects events, comments and bytes of a whole stream', async () => {
  const url = await serveHttp((_request, response) => {
    stream(response, ': ping\n', 'data: 1\n\n');
    response.end('data: [DONE]\n\n');
  });
  const answer = await readSse(url);
  expect(answer.end).toBe('open');
  expect(await answer.finish()).toBe('whole');
  expect(answer.content.events.map(({ data }) => data)).toEqual(['1', '[DONE]']);
  expect(answer.content.comments).toEqual([' ping']);
  expect(answer.bytes.toString()).toBe(': ping\ndata: 1\n\ndata: [DONE]\n\n');
});

test('yields pieces as they arrive, and continues where a loop stopped', async () => {
  let response: ServerResponse | undefined;
  const url = await serveHttp((_request, ours) => {
    response = ours;
    stream(ours, 'data: 1\n\n');
  });
  const answer = await readSse(url);
  for await (const piece of answer.pieces()) {
    expect(piece).toBe('data: 1\n\n');
    break;
  }
  expect(answer.end).toBe('open');
  response?.end('data: 2\n\n');
  const rest: string[] = [];
  for await (const piece of answer.pieces()) rest.push(piece);
  expect(rest).toEqual(['data: 2\n\n']);
  expect(answer.end).toBe('whole');
});

test('joins characters that were split on the way', async () => {
  const euro = Buffer.from('€');
  let response: ServerResponse | undefined;
  const url = await serveHttp((_request, ours) => {
    response = ours;
    stream(ours, 'data: ', euro.subarray(0, 1));
  });
  const answer = await readSse(url);
  const pieces = answer.pieces();
  expect((await pieces.next()).value).toBe('data: ');
  response?.end(Buffer.concat([euro.subarray(1), Buffer.from('\n\n')]));
  await answer.finish();
  expect(answer.text).toBe('data: €\n\n');
});

test.each([
  ['a reset', (response: ServerResponse) => response.socket?.resetAndDestroy()],
  ['an end without the last chunk', (response: ServerResponse) => response.socket?.end()],
])('reports a stream as broken after %s', async (_name, cut) => {
  let response: ServerResponse | undefined;
  const url = await serveHttp((_request, ours) => {
    response = ours;
    stream(ours, 'data: 1\n\n');
  });
  const answer = await readSse(url);
  await answer.pieces().next();
  if (response) cut(response);
  expect(await answer.finish()).toBe('broken');
  expect(answer.text).toBe('data: 1\n\n');
});

test('closes the connection when it leaves', async () => {
  let isClosed = false;
  const url = await serveHttp((_request, response) => {
    response.on('close', () => {
      isClosed = true;
    });
    stream(response, 'data: 1\n\n');
  });
  const answer = await readSse(url);
  await answer.leave();
  await until(() => isClosed, { what: 'the server to see the connection close' });
  expect(await answer.finish()).toBe('left');
});

test('reads only on demand', async () => {
  const total = 64 * 1024 * 1024;
  let response: ServerResponse | undefined;
  const url = await serveHttp((_request, ours) => {
    response = ours;
    stream(ours, Buffer.alloc(total));
  });
  const answer = await readSse(url);
  await answer.pieces().next();
  // The kernel buffers some megabytes; the rest must wait.
  expect(response?.writableNeedDrain).toBe(true);
  expect(answer.bytes.length).toBeLessThan(total / 2);
  await answer.leave();
});

test('rejects when there is no answer at all', async () => {
  await expect(readSse(`http://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const port = await serveTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
  await expect(readSse(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('uses a separate connection for each answer', async () => {
  const ports = new Set<number | undefined>();
  const url = await serveHttp((request, response) => {
    ports.add(request.socket.remotePort);
    response.end();
  });
  await (await readSse(url)).finish();
  await (await readSse(url)).finish();
  expect(ports.size).toBe(2);
});
