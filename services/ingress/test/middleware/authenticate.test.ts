import express from 'express';
import { storedKeySchema } from '@sluice/records';
import { describe, expect, it } from 'vitest';
import { principalOf } from '../../src/context.ts';
import type { AcceptedKey } from '../../src/keys/known-key.ts';
import { createKnownKeys, type KnownKeys } from '../../src/keys/known-keys.ts';
import { authenticate } from '../../src/middleware/authenticate.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import { networkOf } from '../../src/middleware/refuse-key.ts';
import { requestId } from '../../src/middleware/request-id.ts';
import { createTokenBuckets } from '../../src/middleware/token-buckets.ts';
import { keyFor, noTokens, send, serve } from './serving.ts';

/** Serves the name of the client; returns the port. */
function serveNames(
  keys: readonly AcceptedKey[],
  patience = 1000,
  known: KnownKeys = createKnownKeys({ keys, teams: [] }),
  untilCompared: () => Promise<void> | undefined = () => undefined,
): Promise<number> {
  const wrongKeys = createTokenBuckets({ perMinute: 60, burst: patience, now: () => 0 });
  const app = express();
  app.use(requestId, authenticate({ keys: known, tokens: noTokens, wrongKeys, untilCompared }));
  app.get('/', (_request, response) => void response.json(principalOf(response).name));
  app.use(handleError(() => undefined));
  return serve(app);
}

/** Returns the client that these headers identify, or the status of the refusal. */
async function whoIs(keys: readonly AcceptedKey[], headers: Record<string, string>): Promise<unknown> {
  const { status, json } = await send(await serveNames(keys), { method: 'GET', headers });
  return status === 200 ? json : status;
}

const storedKey = (secret: string) =>
  storedKeySchema.parse({ id: 'key_1', name: 'stored', secrets: [{ digest: keyFor(secret).digest, hint: 'sk-…' }] });

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const known = keyFor('sk-known-0001');
const anonymousKey = (anonymous: 'without_key' | 'any_key'): AcceptedKey =>
  keyFor('', { name: 'anonymous', anonymous });

describe('a client', () => {
  it.each<[string, readonly AcceptedKey[], Record<string, string>, unknown]>([
    ['with a key', [known], bearer('sk-known-0001'), 'sk-known-0001'],
    ['with a key in the other header', [known], { 'x-api-key': 'sk-known-0001' }, 'sk-known-0001'],
    ['with a wrong key', [known], bearer('sk-wrong-0001'), 401],
    ['without a key', [known], {}, 401],
    ['with an empty key', [known], { 'x-api-key': '' }, 401],
    ['without a key, if that is allowed', [known, anonymousKey('without_key')], {}, 'anonymous'],
    ['with a wrong key, if only none is allowed', [known, anonymousKey('without_key')], bearer('sk-wrong-0001'), 401],
    ['with a wrong key, if any is allowed', [anonymousKey('any_key'), known], bearer('sk-wrong-0001'), 'anonymous'],
    ['with a key, if any is allowed', [anonymousKey('any_key'), known], bearer('sk-known-0001'), 'sk-known-0001'],
  ])('%s is %s', async (_what, keys, headers, expected) => {
    expect(await whoIs(keys, headers)).toBe(expected);
  });
});

describe('an address that keeps sending wrong keys', () => {
  it('gets 429 after a while, but is served with a valid key', async () => {
    const port = await serveNames([known], 3);
    const ask = (key: string) => send(port, { method: 'GET', headers: bearer(key) });
    for (let count = 0; count < 3; count++) expect((await ask('sk-wrong-0001')).status).toBe(401);
    expect(await ask('sk-wrong-0001')).toMatchObject({
      status: 429,
      headers: { connection: 'close', 'retry-after': '1', 'x-should-retry': 'false' },
      json: { error: { code: 'rate_limit_exceeded', message: expect.stringContaining('valid API key') } },
    });
    expect((await ask('sk-known-0001')).status).toBe(200);
  });
});

describe('a process that has not read the keys of the database yet', () => {
  const read = (patience?: number) => {
    const memory = createKnownKeys({ keys: [known], teams: [], database: {} });
    return serveNames([], patience, memory).then((port) => ({ memory, port }));
  };

  it('takes those of the file, and asks the owner of any other one to come back', async () => {
    const { memory, port } = await read(1);
    const ask = (headers: Record<string, string>) => send(port, { method: 'GET', headers });
    expect((await ask(bearer('sk-known-0001'))).status).toBe(200);
    for (const other of ['sk-other-0001', 'sk-other-0002']) {
      expect(await ask(bearer(other))).toMatchObject({
        status: 503,
        headers: { 'retry-after': '1', 'x-should-retry': 'true' },
        json: { error: { code: 'records_unavailable' } },
      });
    }
    expect((await ask({})).status).toBe(401);
    memory.apply([], true);
    expect((await ask(bearer('sk-known-0001'))).status).toBe(200);
    expect((await ask(bearer('sk-other-0001'))).status).toBe(429);
  });
});

describe('a process that compares its keys with the database for the first time', () => {
  it('lets a request with an unknown key wait, and serves it with what it finds', async () => {
    const memory = createKnownKeys({ keys: [known], teams: [], database: {} });
    const compared = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    let waiters = 0;
    const port = await serveNames([], 1000, memory, () => {
      if (++waiters === 2) waiting.resolve();
      return compared.promise;
    });
    const ask = (key: string) => send(port, { method: 'GET', headers: bearer(key) });
    const [right, wrong] = [ask('sk-stored-0001'), ask('sk-other-0001')];
    await waiting.promise;
    expect((await ask('sk-known-0001')).status).toBe(200);
    memory.apply([{ key: storedKey('sk-stored-0001') }], true);
    compared.resolve();
    expect([await right, await wrong]).toMatchObject([{ status: 200, json: 'stored' }, { status: 401 }]);
  });
});

describe('the network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '::ffff:192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::3:4:5:6', '2001:db8:0:0'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
