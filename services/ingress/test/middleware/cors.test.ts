import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { cors } from '../../src/middleware/cors.ts';
import { serve } from './serving.ts';

const page = 'https://chat.example.com';

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(origins: readonly string[], { method = 'GET', headers = {} }: Asked): Promise<IncomingMessage> {
  const app = express();
  app.use(cors(origins));
  app.all('/', (_request, response) => void response.status(418).end());
  const asked = request({ port: await serve(app), host: '127.0.0.1', method, headers, agent: false });
  const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

const preflight = (origin: string, wanted = 'authorization,content-type,x-stainless-lang'): Asked => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': wanted },
});

const corsHeaders = ({ headers }: IncomingMessage): string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'));

describe('a preflight', () => {
  it('of a listed page allows what the page asks for', async () => {
    const { statusCode, headers } = await ask([page], preflight(page));
    expect(statusCode).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
      'access-control-allow-headers': 'authorization,content-type,x-stainless-lang',
      'access-control-max-age': '7200',
      vary: 'origin, access-control-request-headers',
    });
  });

  it('never allows cookies', async () => {
    expect((await ask(['*'], preflight(page))).headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each(['https://chat.example.com:8443', 'http://chat.example.com', 'https://x.chat.example.com', 'null'])(
    'of %s, which is not listed, is a request like any other',
    async (origin) => {
      const response = await ask([page], preflight(origin));
      expect([response.statusCode, corsHeaders(response)]).toEqual([418, []]);
    },
  );

  it('does not allow invalid header names', async () => {
    const { statusCode, headers } = await ask([page], preflight(page, 'a b, c'));
    expect([statusCode, headers['access-control-allow-headers']]).toEqual([204, undefined]);
  });

  it('is answered for every page under "*"', async () => {
    const { statusCode, headers } = await ask(['*'], preflight('null'));
    expect([statusCode, headers['access-control-allow-origin']]).toEqual([204, '*']);
  });
});

describe('an answer', () => {
  it('can be read with its headers by a listed page', async () => {
    const { statusCode, headers } = await ask([page], { headers: { origin: page } });
    expect([statusCode, headers['access-control-allow-origin'], headers['vary']]).toEqual([418, page, 'origin']);
    expect(headers['access-control-expose-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['x-request-id', 'retry-after', 'x-ratelimit-reset-tokens', 'x-sluice-upstream']),
    );
  });

  it.each<[string, Asked]>([
    ['another page', { headers: { origin: 'https://evil.example' } }],
    ['no page', {}],
    ['a page that sends OPTIONS by itself', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } }],
  ])('to %s allows nothing, and caches store it by origin', async (_, asked) => {
    const response = await ask([page], asked);
    expect([response.statusCode, corsHeaders(response), response.headers['vary']]).toEqual([418, [], 'origin']);
  });

  it('has no such headers if no origin is listed', async () => {
    const response = await ask([], preflight(page));
    expect([response.statusCode, corsHeaders(response), response.headers['vary']]).toEqual([418, [], undefined]);
  });
});
