import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import express from 'express';
import { expect, it } from 'vitest';
import { handleError } from '../../src/middleware/handle-error.ts';
import { requestId } from '../../src/middleware/request-id.ts';
import { requireHost } from '../../src/middleware/require-host.ts';
import { serve } from './serving.ts';

async function statusOf(headers: readonly string[]): Promise<number | undefined> {
  const app = express();
  app.use(requestId, requireHost);
  app.get('/', (_request, response) => void response.json({}));
  app.use(handleError(() => undefined));
  const asked = request({ port: await serve(app), host: '127.0.0.1', headers, setHost: false });
  const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

it.each<[string, readonly string[], number]>([
  ['one host', ['Host', 'a'], 200],
  ['two hosts', ['Host', 'localhost', 'host', 'evil.example'], 400],
  ['one host twice', ['Host', 'a', 'Host', 'a'], 400],
])('answers a request with %s', async (_what, headers, status) => {
  expect(await statusOf(headers)).toBe(status);
});
