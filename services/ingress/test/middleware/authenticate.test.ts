import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '@sluice/config';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { principalOf } from '../../src/context.ts';
import { authenticate } from '../../src/middleware/authenticate.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import { requestId } from '../../src/middleware/request-id.ts';

type ClientKey = Config['keys'][number];

const digestOf = (key: string): string => createHash('sha256').update(key).digest('hex');
const keyFor = (key: string, over: Partial<ClientKey> = {}): ClientKey => ({
  id: digestOf(key).slice(0, 16),
  name: key,
  digest: digestOf(key),
  hint: undefined,
  anonymous: undefined,
  admin: false,
  thinking: undefined,
  models: ['*'],
  limits: { concurrency: undefined, rpm: undefined, rpmBurst: undefined, tpm: undefined, tpmBurst: undefined },
  weight: 1,
  ...over,
});

let server: Server | undefined;
afterEach(() => server?.close());

/** Who these headers stand for, or the status with which they are refused. */
async function whoIs(keys: readonly ClientKey[], headers: Record<string, string>): Promise<unknown> {
  const app = express();
  app.use(requestId, authenticate(keys));
  app.get('/', (_request, response) => void response.json(principalOf(response).name));
  app.use(handleError(() => undefined));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
  return answer.ok ? answer.json() : answer.status;
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const known = keyFor('sk-known-0001');
const stranger = (anonymous: 'without_key' | 'any_key'): ClientKey => keyFor('', { name: 'stranger', anonymous });

describe('a client', () => {
  it.each<[string, readonly ClientKey[], Record<string, string>, unknown]>([
    ['with a key', [known], bearer('sk-known-0001'), 'sk-known-0001'],
    ['with a key in the other header', [known], { 'x-api-key': 'sk-known-0001' }, 'sk-known-0001'],
    ['with a wrong key', [known], bearer('sk-wrong-0001'), 401],
    ['without a key', [known], {}, 401],
    ['with an empty key', [known], { 'x-api-key': '' }, 401],
    ['without a key, where that is allowed', [known, stranger('without_key')], {}, 'stranger'],
    ['with a wrong key, where only none is allowed', [known, stranger('without_key')], bearer('sk-wrong-0001'), 401],
    ['with a wrong key, where any is allowed', [stranger('any_key'), known], bearer('sk-wrong-0001'), 'stranger'],
    ['with a key, where any is allowed', [stranger('any_key'), known], bearer('sk-known-0001'), 'sk-known-0001'],
  ])('%s is %s', async (_what, keys, headers, expected) => {
    expect(await whoIs(keys, headers)).toBe(expected);
  });
});
