import express from 'express';
import { describe, expect, it } from 'vitest';
import { handleError } from '../../src/middleware/handle-error.ts';
import { refuseUnready } from '../../src/middleware/refuse-unready.ts';
import type { ReplicaState } from '../../src/routes/health.ts';
import { send, serve } from './serving.ts';

async function ask(over: Partial<ReplicaState>) {
  const state: ReplicaState = {
    isRedisUp: true,
    isRedisAway: false,
    isDraining: false,
    isRefusing: false,
    openRequests: 0,
    isMemoryFull: false,
    ...over,
  };
  const app = express();
  app.use(refuseUnready(() => state));
  app.get('/', (_request, response) => void response.json({ served: true }));
  app.use(handleError(() => undefined));
  return send(await serve(app), { method: 'GET', headers: { connection: 'keep-alive' } });
}

describe('a replica', () => {
  it.each<[string, Partial<ReplicaState>]>([
    ['is ready', {}],
    ['has lost Redis a moment ago', { isRedisUp: false }],
  ])('serves while it %s', async (_what, state) => {
    const { status, headers } = await ask(state);
    expect([status, headers.connection]).toEqual([200, 'keep-alive']);
  });

  it('serves while it drains, until its time is too short for the longest answer, and ends the connection', async () => {
    const { status, headers } = await ask({ isDraining: true });
    expect([status, headers.connection]).toEqual([200, 'close']);
  });

  it.each<[string, Partial<ReplicaState>, string, string]>([
    ['it stops soon', { isDraining: true, isRefusing: true }, 'draining', '1000'],
    ['Redis is away', { isRedisAway: true }, 'redis_unavailable', '1000'],
    ['its memory is full', { isMemoryFull: true }, 'server_overloaded', '2000'],
    ['it stops soon and Redis is away', { isRefusing: true, isRedisAway: true }, 'draining', '1000'],
  ])('refuses with 503 while %s', async (_what, state, code, retryAfterMs) => {
    const { status, headers, json } = await ask(state);
    expect([status, json.error?.code, headers['retry-after-ms']]).toEqual([503, code, retryAfterMs]);
  });

  it('says that its memory is full, and that the same request may succeed later', async () => {
    const { headers, json } = await ask({ isMemoryFull: true });
    expect(json.error).toMatchObject({
      type: 'overloaded_error',
      message: 'This replica of the gateway has reached its memory limit. Try again later.',
    });
    expect(headers['x-should-retry']).toBe('true');
  });
});
