import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { contextOf, type RequestContext } from '../../src/context.ts';
import { requestId } from '../../src/middleware/request-id.ts';
import { send, serve } from './serving.ts';

async function setUp() {
  const contexts: RequestContext[] = [];
  const app = express();
  app.use(requestId);
  app.get('/', (_request, response) => void response.json({ context: contexts.push(contextOf(response)) }));
  app.get('/silent', (_request, response) => void contexts.push(contextOf(response)));
  return { port: await serve(app), contexts };
}

const ask = (port: number, id?: string) =>
  send(port, { method: 'GET', headers: id === undefined ? {} : { 'x-request-id': id } });

describe('the ids of a request', () => {
  it("are the client's own, which it gets back, and one of ours for Redis", async () => {
    const { port, contexts } = await setUp();
    const { headers } = await ask(port, 'client-1');
    expect([headers['x-request-id'], contexts[0]?.publicId]).toEqual(['client-1', 'client-1']);
    expect(contexts[0]?.requestId).toMatch(/^[\da-f-]{36}$/);
  });

  it('differ for two requests of the same id', async () => {
    const { port, contexts } = await setUp();
    await ask(port, 'client-1');
    await ask(port, 'client-1');
    expect(contexts[0]?.requestId).not.toBe(contexts[1]?.requestId);
  });

  it.each([undefined, '', 'with blank', 'x'.repeat(500), 'quote"'])('are ours if the client sends %j', async (id) => {
    const { port, contexts } = await setUp();
    const { headers } = await ask(port, id);
    expect(headers['x-request-id']).toBe(contexts[0]?.requestId);
    expect(contexts[0]?.publicId).toBe(contexts[0]?.requestId);
  });
});

describe('the signal of a request', () => {
  it('stays quiet when the answer is complete', async () => {
    const { port, contexts } = await setUp();
    await ask(port);
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  it('aborts when the client leaves before', async () => {
    const { port, contexts } = await setUp();
    const outgoing = httpRequest({ port, host: '127.0.0.1', path: '/silent' });
    outgoing.on('error', () => undefined);
    outgoing.end();
    await expect.poll(() => contexts.length).toBe(1);
    const { signal } = contexts[0] ?? {};
    if (signal === undefined) throw new Error('the request has no signal');
    outgoing.destroy();
    await once(signal, 'abort');
    expect(signal.aborted).toBe(true);
  });
});
