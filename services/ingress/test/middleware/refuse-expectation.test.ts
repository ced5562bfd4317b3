import { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { cors } from '../../src/middleware/cors.ts';
import { refuseExpectation } from '../../src/middleware/refuse-expectation.ts';
import { listen, type ClientServer } from '../../src/server.ts';
import { send } from './serving.ts';

let server: ClientServer | undefined;
afterEach(() => server?.close());

const page = 'https://chat.example.com';

async function start(): Promise<number> {
  const app = express();
  app.use(cors([page]), refuseExpectation);
  app.all('/', (_request, response) => void response.json({}));
  server = await listen(
    { listener: app, IncomingMessage, ServerResponse },
    {
      host: '127.0.0.1',
      port: 0,
      maxConnections: 10,
      keepAliveMs: 1000,
      headersTimeoutMs: 1000,
      requestTimeoutMs: 1000,
      maxPipelinedRequests: 2,
      slowClientMs: 1000,
      onDropped: () => undefined,
    },
  );
  return server.port;
}

it('refuses an unknown expectation, with the headers that let a page read the error', async () => {
  const port = await start();
  const headers = { origin: page, expect: 'miracles' };
  const { status, headers: got, json } = await send(port, { method: 'GET', headers });
  expect(status).toBe(417);
  expect(got).toMatchObject({ 'access-control-allow-origin': page, connection: 'close' });
  expect(json.error?.message).toBe('The "expect" header must be "100-continue".');
});

it('lets a client that waits for 100 Continue send its body', async () => {
  const port = await start();
  expect(await send(port, { headers: { expect: '100-continue' }, body: ['{}'] })).toMatchObject({ status: 200 });
});
