import express from 'express';
import { describe, expect, it } from 'vitest';
import { createKnownKeys } from '../../src/keys/known-keys.ts';
import { requireAdmin } from '../../src/middleware/authenticate.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import { requestId } from '../../src/middleware/request-id.ts';
import { createTokenBuckets } from '../../src/middleware/token-buckets.ts';
import { keyFor, send, serve } from './serving.ts';

const keys = createKnownKeys({
  keys: [keyFor('sk-admin-0001', { admin: true }), keyFor('sk-client-0001')],
  teams: [],
});

/** Serves a page of administrators to addresses that may send so many wrong keys; returns what asks for it. */
async function servePage(patience: number) {
  const wrongKeys = createTokenBuckets({ perMinute: 60, burst: patience, now: () => 0 });
  const app = express();
  app.use(requestId, requireAdmin({ keys, wrongKeys, untilCompared: () => undefined }));
  app.get('/', (_request, response) => void response.json({}));
  app.use(handleError(() => undefined));
  const port = await serve(app);
  return async (key?: string): Promise<string> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const { status, json } = await send(port, { method: 'GET', headers });
    return status === 200 ? '200' : `${status} ${json.error?.code}`;
  };
}

describe('a page of administrators', () => {
  it.each([
    ['sk-admin-0001', '200'],
    ['sk-client-0001', '403 admin_key_required'],
    ['sk-wrong-0001', '403 admin_key_required'],
    [undefined, '401 invalid_api_key'],
  ])('answers the key %s with %s', async (key, expected) => {
    expect(await (await servePage(1000))(key)).toBe(expected);
  });

  it('refuses an address that keeps sending wrong keys, but serves it with a valid key', async () => {
    const ask = await servePage(2);
    // The valid key of a client does not count.
    for (let count = 0; count < 3; count++) expect(await ask('sk-client-0001')).toBe('403 admin_key_required');
    expect(await ask('sk-wrong-0001')).toBe('403 admin_key_required');
    expect(await ask()).toBe('401 invalid_api_key');
    expect(await ask('sk-wrong-0002')).toBe('429 rate_limit_exceeded');
    expect(await ask()).toBe('429 rate_limit_exceeded');
    expect(await ask('sk-client-0001')).toBe('403 admin_key_required');
    expect(await ask('sk-admin-0001')).toBe('200');
  });
});
