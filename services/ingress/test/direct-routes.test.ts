import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createListener } from '../src/direct-routes.ts';

const mark: RequestHandler = (request, response, next) => {
  response.setHeader('x-marked', request.get('x-mark') ?? 'none');
  next();
};

const act: RequestHandler = async (request, response, next) => {
  await Promise.resolve();
  switch (request.get('x-act')) {
    case 'throw':
      throw new Error('thrown');
    case 'next':
      return next(new Error('passed on'));
    default:
      response.status(201).json({ ip: request.ip, path: `${request.baseUrl}${request.path}`, method: request.method });
  }
};

const throwAtOnce: RequestHandler = (request, _response, next) => {
  if (request.get('x-act') === 'throw at once') throw new Error('thrown at once');
  next();
};

/** Serves one path both ways; each answer says which way it came. */
async function serving(errors: unknown[] = []): Promise<(path: string, init: RequestInit) => Promise<Response>> {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', 1);
  const handleError: ErrorRequestHandler = (error: Error, request, response, _next) => {
    if (request.get('x-break') !== undefined) throw new Error('the error handler fails');
    response.status(500).json({ error: error.message });
  };
  const handlers = [mark, throwAtOnce, act];
  app.post('/v1/x', (_request, response, next) => {
    response.setHeader('x-by', 'express');
    next();
  });
  app.post('/v1/x', handlers);
  app.use((_request, response) => void response.status(404).json({}));
  app.use(handleError);
  const { listener, ...classes } = createListener({
    app,
    handlers: new Map([['/v1/x', handlers]]),
    handleError,
    onInternal: (error) => errors.push(error),
  });
  const server = createServer(classes, listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

async function partsOf(response: Response) {
  const { 'x-by': by, date: _date, ...headers } = Object.fromEntries(response.headers);
  return { by, answer: { status: response.status, headers, text: await response.text() } };
}

describe('createListener', () => {
  it.each(['', 'throw', 'throw at once', 'next'])('answers as express does if the handlers %s', async (what) => {
    const ask = await serving();
    const headers = { 'x-mark': 'm', 'x-act': what, 'x-forwarded-for': '10.1.2.3' };
    const direct = await partsOf(await ask('/v1/x', { method: 'POST', headers, body: '{}' }));
    const byExpress = await partsOf(await ask('/v1/x?', { method: 'POST', headers, body: '{}' }));
    expect([direct.by, byExpress.by]).toEqual([undefined, 'express']);
    expect(direct.answer).toEqual(byExpress.answer);
  });

  it.each(['throw', 'throw at once', 'next'])(
    'ends the connection if the handler of errors fails (%s)',
    async (what) => {
      const errors: unknown[] = [];
      const ask = await serving(errors);
      const headers = { 'x-act': what, 'x-break': '1' };
      await expect(ask('/v1/x', { method: 'POST', headers, body: '{}' })).rejects.toThrow('fetch failed');
      expect(errors).toEqual([new Error('the error handler fails')]);
      expect((await ask('/v1/x', { method: 'POST', body: '{}' })).status).toBe(201);
    },
  );

  it.each([
    ['POST', '/v1/x/', 201],
    ['POST', '/V1/x', 201],
    ['POST', '/v1/x?a=1', 201],
    ['GET', '/v1/x', 404],
    ['HEAD', '/v1/x', 404],
    ['POST', '/v1/y', 404],
  ])('leaves %s %s to express', async (method, path, status) => {
    const ask = await serving();
    const { by, answer } = await partsOf(await ask(path, { method }));
    expect(answer.status).toBe(status);
    expect(by).toBe(status === 201 ? 'express' : undefined);
  });
});
