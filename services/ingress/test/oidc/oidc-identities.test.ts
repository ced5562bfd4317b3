import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { EnvironmentProxies } from '@sluice/config';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { createOidcIdentities, type OidcIdentities } from '../../src/oidc/oidc-identities.ts';
import { configOf } from '../config-of.ts';
import { noProxies } from '../middleware/serving.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly alg?: string;
}

async function newKey(kid: string): Promise<SigningKey> {
  return { kid, ...(await generateKeyPair('ES256', { extractable: true })) };
}

const toJwk = async ({ kid, publicKey }: SigningKey): Promise<JWK> => ({
  ...(await exportJWK(publicKey)),
  kid,
  alg: 'ES256',
  use: 'sig',
});

/** An issuer on this machine whose keys the test changes. */
async function startIssuer(...keys: SigningKey[]) {
  const state = { keys: await Promise.all(keys.map(toJwk)), reads: 0, isAway: false };
  const server: Server = createServer((request, response) => {
    if (request.url?.endsWith('/keys') === true) state.reads++;
    if (state.isAway) return void response.writeHead(503).end();
    if (request.url === '/.well-known/openid-configuration') {
      return void response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: state.keys }));
  }).listen(0, '127.0.0.1');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, state };
}

const team = { id: 'blue', models: ['*'], limits: { rpm: 7 }, budgets: {} };

function identitiesOf(
  issuer: string,
  settings: object = {},
  clock = { ms: 0 },
  proxies: EnvironmentProxies = noProxies,
): OidcIdentities {
  const { auth } = configOf({ auth: { oidc: [{ issuer, audience: ['sluice'], ...settings }] } });
  const identities = createOidcIdentities({
    issuers: auth.oidc,
    proxies,
    findTeam: (id) => (id === 'blue' ? team : undefined),
    onError: () => undefined,
    now: () => clock.ms,
  });
  closers.push(() => identities.close());
  return identities;
}

interface TokenOptions {
  readonly iss: string;
  readonly aud?: string;
  readonly sub?: string;
  readonly claims?: JWTPayload;
  /** Seconds from now. */
  readonly expiresIn?: number;
}

const sign = (
  { kid, privateKey, alg = 'ES256' }: SigningKey,
  { iss, aud = 'sluice', sub = 'ada', claims = {}, expiresIn = 600 }: TokenOptions,
): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader({ alg, kid })
    .setIssuer(iss)
    .setAudience(aud)
    .setSubject(sub)
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn)
    .sign(privateKey);

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token of a configured issuer', () => {
  it('is a client with the settings of issuer and claims', async () => {
    const key = await newKey('k1');
    const { url } = await startIssuer(key);
    const identities = identitiesOf(url, {
      claims: { name: 'email', team: 'group', models: 'models', limits: 'limits' },
      budgets: { day_usd: 2 },
    });
    const claims = { email: 'ada@example.com', group: 'blue', models: ['gpt-*'], limits: { rpm: 3, rpm_burst: 1 } };
    const token = await sign(key, { iss: url, claims });
    expect(identities.isToken(token)).toBe(true);
    expect(identities.find(token)).toBeUndefined();
    const { principal, isAdmin, lacksTeam } = await identities.verify(token);
    expect(principal).toMatchObject({
      keyId: expect.stringMatching(/^oidc_[0-9a-f]{16}$/),
      name: 'ada@example.com',
      owner: 'ada',
      models: ['gpt-*'],
      limits: { rpm: 3, rpmBurst: 1 },
      budgets: { day: 2_000_000 },
      team,
    });
    expect([isAdmin, lacksTeam]).toEqual([false, false]);
    expect(identities.find(token)?.principal).toBe(principal);
    const again = await identities.verify(await sign(key, { iss: url, claims, expiresIn: 700 }));
    expect(again.principal.keyId).toBe(principal.keyId);
    const other = await identities.verify(await sign(key, { iss: url, claims, sub: 'eve' }));
    expect(other.principal.keyId).not.toBe(principal.keyId);
  });

  it('is refused for a team that does not exist, and without the claim of a team', async () => {
    const key = await newKey('k1');
    const { url } = await startIssuer(key);
    const identities = identitiesOf(url, { claims: { team: 'group' } });
    expect((await identities.verify(await sign(key, { iss: url, claims: { group: 'red' } }))).lacksTeam).toBe(true);
    await expect(identities.verify(await sign(key, { iss: url }))).rejects.toMatchObject({
      code: 'invalid_api_key',
      message: 'This token is not accepted: it has no claim "group".',
    });
  });
});

describe('a token is refused', () => {
  it('with another audience, issuer or signature, and once it has expired', async () => {
    const [key, foreign] = [await newKey('k1'), await newKey('k1')];
    const { url } = await startIssuer(key);
    const identities = identitiesOf(url);
    const refusal = async (token: string) =>
      identities.verify(token).then(
        () => 'accepted',
        ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
      );
    expect(await refusal(await sign(key, { iss: url, aud: 'other' }))).toContain('its claim "aud" is wrong');
    expect(await refusal(await sign(key, { iss: 'http://other' }))).toContain('its issuer is not configured here');
    expect(await refusal(await sign(foreign, { iss: url }))).toContain('its signature is wrong');
    expect(await refusal(await sign(key, { iss: url, expiresIn: -60 }))).toMatch(/^key_expired /);
    expect(await refusal('eyJhbGciOi.x.y')).toContain('it can not be read');
  });

  it('with no algorithm, and with one that takes the public key for a secret', async () => {
    const key = await newKey('k1');
    const { url } = await startIssuer(key);
    const identities = identitiesOf(url);
    const payload = encode({ iss: url, aud: 'sluice', sub: 'ada', exp: Math.floor(Date.now() / 1000) + 600 });
    const bare = `${encode({ alg: 'none', kid: 'k1' })}.${payload}`;
    expect(identities.isToken(`${bare}.`)).toBe(false);
    await expect(identities.verify(`${bare}.x`)).rejects.toMatchObject({ code: 'invalid_api_key' });
    const head = `${encode({ alg: 'HS256', kid: 'k1' })}.${payload}`;
    const mac = createHmac('sha256', await exportSPKI(key.publicKey))
      .update(head)
      .digest('base64url');
    await expect(identities.verify(`${head}.${mac}`)).rejects.toMatchObject({
      message: 'This token is not accepted: its algorithm is not allowed.',
    });
  });
});

describe('the keys of an issuer', () => {
  it('are read again for an unknown one, and not more often than configured', async () => {
    const [first, second, unknown] = [await newKey('k1'), await newKey('k2'), await newKey('k3')];
    const { url, state } = await startIssuer(first);
    const clock = { ms: 0 };
    const identities = identitiesOf(url, { jwks_url: `${url}/keys`, refetch_ms: 1000 }, clock);
    await identities.verify(await sign(first, { iss: url }));
    expect(state.reads).toBe(1);
    state.keys = [await toJwk(second)];
    const fresh = await sign(second, { iss: url });
    await expect(identities.verify(fresh)).rejects.toMatchObject({ message: expect.stringContaining('no such key') });
    clock.ms = 1000;
    const [one, other] = await Promise.all([identities.verify(fresh), identities.verify(fresh)]);
    expect([one.principal.name, other.principal.name, state.reads]).toEqual(['ada', 'ada', 2]);
    for (let count = 0; count < 5; count++) {
      await expect(identities.verify(await sign(unknown, { iss: url }))).rejects.toMatchObject({
        code: 'invalid_api_key',
      });
    }
    expect(state.reads).toBe(2);
  });

  it('are not read for each token with a known key and another algorithm, nor while the issuer is away', async () => {
    const key = await newKey('k1');
    const { url, state } = await startIssuer(key);
    const clock = { ms: 0 };
    const settings = { jwks_url: `${url}/keys`, refetch_ms: 1000, algorithms: ['ES256', 'RS256'] };
    const identities = identitiesOf(url, settings, clock);
    await identities.verify(await sign(key, { iss: url }));
    const { privateKey } = await generateKeyPair('RS256');
    const wrong = await sign({ ...key, privateKey, alg: 'RS256' }, { iss: url });
    const verifyOften = async (expected: object): Promise<void> => {
      for (let count = 0; count < 5; count++) await expect(identities.verify(wrong)).rejects.toMatchObject(expected);
    };
    await verifyOften({ code: 'invalid_api_key' });
    expect(state.reads).toBe(1);
    clock.ms = 1000;
    await verifyOften({ code: 'invalid_api_key' });
    expect(state.reads).toBe(2);
    clock.ms = 2000;
    state.isAway = true;
    await verifyOften({ code: 'issuer_unavailable' });
    expect(state.reads).toBe(3);
  });

  it('are read through the proxy of the environment', async () => {
    const key = await newKey('k1');
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(String(request.url));
      void toJwk(key).then((jwk) => response.end(JSON.stringify({ keys: [jwk] })));
    }).listen(0, '127.0.0.1');
    closers.push(() => {
      proxy.close();
      proxy.closeAllConnections();
    });
    await once(proxy, 'listening');
    const http = { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, authorization: undefined };
    const issuer = 'http://login.test';
    const settings = { jwks_url: `${issuer}/keys` };
    const identities = identitiesOf(issuer, settings, { ms: 0 }, { ...noProxies, http });
    expect((await identities.verify(await sign(key, { iss: issuer }))).principal.owner).toBe('ada');
    expect(asked).toEqual([`${issuer}/keys`]);
    const exempt = identitiesOf(issuer, settings, { ms: 0 }, { ...noProxies, http, exempt: '.test' });
    await expect(exempt.verify(await sign(key, { iss: issuer }))).rejects.toMatchObject({ code: 'issuer_unavailable' });
    expect(asked).toHaveLength(1);
  });

  it('stay in use while the issuer is away; without them the answer is 503', async () => {
    const key = await newKey('k1');
    const { url, state } = await startIssuer(key);
    const [known, late] = [identitiesOf(url), identitiesOf(url)];
    await known.verify(await sign(key, { iss: url }));
    state.isAway = true;
    expect((await known.verify(await sign(key, { iss: url, sub: 'eve' }))).principal.owner).toBe('eve');
    await expect(late.verify(await sign(key, { iss: url }))).rejects.toMatchObject({
      code: 'issuer_unavailable',
      retryAfterMs: 1000,
    });
  });

  it('are looked at again for a verified token after a while', async () => {
    const key = await newKey('k1');
    const { url } = await startIssuer(key);
    const clock = { ms: 0 };
    const identities = identitiesOf(url, {}, clock);
    const token = await sign(key, { iss: url });
    await identities.verify(token);
    expect(identities.find(token)).toBeDefined();
    clock.ms = 300_000;
    expect(identities.find(token)).toBeUndefined();
  });
});
