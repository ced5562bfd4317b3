import { generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterFile, createTestDatabase, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { apiKey, ask, type Sluice, startSluice, upstream } from './sluice.ts';

const adminKey = 'sk-test-admin-0001';

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const newKey = (kid: string): SigningKey => ({ kid, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) });

/** An issuer whose keys the test changes. */
interface Issuer {
  readonly url: string;
  keys: readonly SigningKey[];
  isAway: boolean;
}

async function startIssuer(...keys: SigningKey[]): Promise<Issuer> {
  const server = createServer((request, response) => {
    if (state.isAway) return void response.writeHead(503).end();
    const jwks = state.keys.map(({ kid, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      alg: 'ES256',
      use: 'sig',
    }));
    const document = request.url === '/keys' ? { keys: jwks } : { issuer: state.url, jwks_uri: `${state.url}/keys` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });
  afterFile(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const state: Issuer = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys, isAway: false };
  return state;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
let count = 0;

/** Returns a token that no ingress has seen yet. */
function tokenOf({ kid, privateKey }: SigningKey, claims: object = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const payload = { iss: issuer.url, aud: 'sluice', sub: 'ada', exp, jti: String(count++), ...claims };
  const text = `${encode({ alg: 'ES256', kid })}.${encode(payload)}`;
  const signature = signBytes('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

const [first, second] = [newKey('first'), newKey('second')];
let issuer: Issuer;
let sluice: Sluice;
beforeAll(async () => {
  issuer = await startIssuer(first);
  const url = await createTestDatabase();
  sluice = await startSluice({
    ingresses: 2,
    workers: 1,
    config: (simulatorUrl) => ({
      database: { url },
      keys: [
        { name: 'test', key: apiKey },
        { name: 'admin', key: adminKey, admin: true },
      ],
      auth: {
        oidc: [
          {
            issuer: issuer.url,
            audience: ['sluice'],
            claims: { team: 'group', models: 'models' },
            refresh_ms: 1000,
            refetch_ms: 1000,
          },
        ],
      },
      teams: [{ id: 'file', limits: { rpm: 6000 } }],
      upstreams: [upstream('sim', simulatorUrl)],
      models: [{ id: '*', targets: [{ upstream: 'sim' }] }],
    }),
  });
});

const answer = z.looseObject({ error: z.looseObject({ code: z.string() }).optional() });

async function send(at: number, path: string, { key, body }: { readonly key: string; readonly body?: object }) {
  const response = await fetch(`${sluice.fleet.urls[at]}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { error } = answer.parse(await response.json());
  return response.ok ? '200' : `${response.status} ${error?.code}`;
}

/** Returns what each ingress answers to a request with a token. */
const both = (token: string): Promise<readonly string[]> =>
  Promise.all([0, 1].map((at) => send(at, '/v1/chat/completions', { key: token, body: ask('demo-t1') })));

const inTeam = (key: SigningKey, claims: object = {}): string => tokenOf(key, { group: 'file', ...claims });

describe('a token of an issuer', () => {
  it('is a client of every ingress, and never an administrator', async () => {
    expect(await both(inTeam(first))).toEqual(['200', '200']);
    expect(await both(inTeam(first, { models: ['other-*'] }))).toEqual([
      '403 model_not_allowed',
      '403 model_not_allowed',
    ]);
    expect(await both(inTeam(newKey('first')))).toEqual(['401 invalid_api_key', '401 invalid_api_key']);
    expect(await send(0, '/auth/keys', { key: inTeam(first) })).toBe('403 admin_key_required');
  });

  it('is one of a team of the database as soon as there is one', async () => {
    const token = tokenOf(first, { group: 'late' });
    expect(await both(token)).toEqual(['403 key_without_team', '403 key_without_team']);
    expect(await send(0, '/auth/teams', { key: adminKey, body: { id: 'late' } })).toBe('200');
    await until(async () => (await both(token)).join() === '200,200', { what: 'the team' });
  });
});

describe('the keys of an issuer', () => {
  it('are rotated: a new one counts with the next reading, and one that is gone no more', async () => {
    issuer.keys = [second, first];
    // The readings of both ingresses may just have been; the next is at most a second later.
    await until(async () => (await both(inTeam(second))).join() === '200,200', { what: 'the new key' });
    expect(await both(inTeam(first))).toEqual(['200', '200']);
    issuer.keys = [second];
    const refused = '401 invalid_api_key';
    await until(async () => (await both(inTeam(first))).join() === `${refused},${refused}`, {
      what: 'the end of the old key',
    });
    expect(await both(inTeam(second))).toEqual(['200', '200']);
  });

  it('stay in use while the issuer is away', async () => {
    issuer.isAway = true;
    const logged = () =>
      sluice.fleet.ingresses.every(({ output }) => output().includes(`the keys of ${issuer.url} can not be read`));
    await until(logged, { what: 'a failed reading of both ingresses' });
    expect(await both(inTeam(second))).toEqual(['200', '200']);
    issuer.isAway = false;
  });
});
