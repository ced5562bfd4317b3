import express from 'express';
import { describe, expect, it } from 'vitest';
import { createKnownKeys } from '../../src/keys/known-keys.ts';
import { authenticate } from '../../src/middleware/authenticate.ts';
import { guardAnonymous } from '../../src/middleware/guard-anonymous.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import { requestId } from '../../src/middleware/request-id.ts';
import { createTokenBuckets } from '../../src/middleware/token-buckets.ts';
import { keyFor, noTokens, send, serve } from './serving.ts';

async function ask(headers: Record<string, string>): Promise<string> {
  const app = express();
  const keys = [keyFor('sk-known-0001'), keyFor('', { name: 'anonymous', anonymous: 'without_key' })];
  const wrongKeys = createTokenBuckets({ perMinute: 60, burst: 10, now: () => 0 });
  app.use(
    requestId,
    authenticate({
      keys: createKnownKeys({ keys, teams: [] }),
      tokens: noTokens,
      wrongKeys,
      untilCompared: () => undefined,
    }),
    guardAnonymous({ allowedHosts: ['llm.corp.example'], cors: { origins: ['*', 'https://chat.corp.example'] } }),
  );
  app.get('/', (_request, response) => void response.json({}));
  app.use(handleError(() => undefined));
  const { status, json } = await send(await serve(app), { method: 'GET', headers });
  return json.error === undefined ? `${status}` : `${status} ${json.error.code}`;
}

describe('a client without a key', () => {
  it.each([
    'localhost',
    'LOCALHOST:8080',
    'app.localhost:1',
    '127.0.0.1:8080',
    '[::1]:8080',
    '192.168.1.5',
    'sluice:8080',
    'llm.corp.example',
    'LLM.corp.example:443',
  ])('may call under %s', async (host) => {
    expect(await ask({ host })).toBe('200');
  });

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'x.llm.corp.example',
    'a b',
  ])('may not call under %j; with a key it may', async (host) => {
    expect(await ask({ host })).toBe('403 host_not_allowed');
    expect(await ask({ host, authorization: 'Bearer sk-known-0001' })).toBe('200');
  });

  it.each<[string, Record<string, string>]>([
    ['another site, by sec-fetch-site', { 'sec-fetch-site': 'cross-site' }],
    ['a listed host by another scheme', { origin: 'http://chat.corp.example' }],
    ['another host', { origin: 'https://evil.example' }],
    ['no host', { origin: 'null' }],
    ['an extension', { origin: 'app://obsidian.md' }],
    ['another extension', { origin: 'chrome-extension://abcdefghijklmnop' }],
    ['another address', { origin: 'http://203.0.113.9' }],
    ['another machine of the network', { origin: 'http://wiki' }],
  ])('may not call from a page of %s; with a key it may', async (_, headers) => {
    expect(await ask({ host: 'localhost', ...headers })).toBe('403 origin_not_allowed');
    expect(await ask({ host: 'localhost', ...headers, authorization: 'Bearer sk-known-0001' })).toBe('200');
  });

  it.each<[string, Record<string, string>]>([
    ['this machine', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }],
    ['a listed origin', { origin: 'https://chat.corp.example', 'sec-fetch-site': 'cross-site' }],
    ['a listed origin under any name', { host: 'llm.other.example', origin: 'https://chat.corp.example' }],
    ['the same address', { host: '192.168.1.5:8080', origin: 'http://192.168.1.5:3000' }],
    ['this machine by another name', { host: '127.0.0.1:8080', origin: 'http://app.localhost:3000' }],
    ['an allowed host', { origin: 'https://llm.corp.example', 'sec-fetch-site': 'same-origin' }],
    ['no site, as from the address bar', { 'sec-fetch-site': 'none' }],
  ])('may call from a page of %s', async (_, headers) => {
    expect(await ask({ host: 'localhost', ...headers })).toBe('200');
  });
});
