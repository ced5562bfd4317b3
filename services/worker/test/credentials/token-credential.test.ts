import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenOrigin } from '@sluice/config';
import { type ProviderToken, providers, type TokenResult, type TokenSource } from '@sluice/providers';
import { until } from '@sluice/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { toTokenCredential } from '../../src/credentials/token-credential.ts';
import { createFakeUpstream } from '../fake-upstream.ts';

const before: ProviderToken = { value: 'value-before-0001', expiresAtMs: 5, renewal: 'renewal-before-0002' };
const optionSecret = 'secret-of-the-options-0003';
const request = { method: 'GET', url: 'http://login/token', headers: {}, body: undefined } as const;

/** Makes one call, and fails with the text of its answer. */
const echoing: TokenSource = {
  renewBeforeMs: 0,
  unknownLifeMs: 0,
  secrets: [optionSecret],
  *obtain() {
    const { text } = yield { kind: 'call', request };
    return { kind: 'failed', failure: { kind: 'authentication', message: text }, renewal: 'renewal-after' };
  },
  readLogin: (text) => (text === '' ? undefined : { value: text, expiresAtMs: undefined }),
};

function create(source: TokenSource, tokens: TokenOrigin = { kind: 'anonymous' }) {
  const client = createFakeUpstream();
  const credential = toTokenCredential(
    { clientOf: () => client, maxBodyBytes: 1000 },
    {
      upstream: { id: 'u', baseUrl: 'http://api', headers: {} },
      credential: { id: 'a', apiKey: undefined, tokens },
      source,
    },
  );
  return { client, credential };
}

/** Settles with the result of a request for a token, once the upstream has answered. */
async function obtain(source: TokenSource, text: string): Promise<TokenResult | undefined> {
  const { client, credential } = create(source);
  const obtained = credential?.obtain(before, 1000, 5000);
  client.head(200, 'application/json');
  client.text(text);
  client.end();
  return await obtained;
}

describe('a credential with tokens', () => {
  it('does not exist beside a key', () => {
    expect(create(echoing).credential).toMatchObject({ upstreamId: 'u', credentialId: 'a' });
    const plain = { id: 'a', apiKey: undefined, tokens: undefined };
    const needs = { clientOf: createFakeUpstream, maxBodyBytes: 1 };
    const upstream = { id: 'u', baseUrl: '', headers: {} };
    expect(toTokenCredential(needs, { upstream, credential: plain, source: echoing })).toBeUndefined();
  });

  it.each([
    ['the token before', before.value],
    ['what it is renewed with', before.renewal ?? ''],
    ['a secret of the options', optionSecret],
  ])('removes %s that a provider repeats, even in a truncated end', async (_what, secret) => {
    const result = await obtain(echoing, `no: ${secret} and ${secret.slice(0, -3)}`);
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'authentication' }, renewal: 'renewal-after' });
    expect(JSON.stringify(result)).not.toContain(secret.slice(0, 10));
  });

  it('ends a source that makes calls without end', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let steps = 0;
    const endless: TokenSource = {
      ...echoing,
      *obtain() {
        for (;;) {
          steps += 1;
          yield { kind: 'wait', ms: 1 };
        }
      },
    };
    const obtained = create(endless).credential?.obtain(undefined, 0, 60_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await obtained).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
    expect(steps).toBeLessThan(30);
  });

  it('gives up in time', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { client, credential } = create(echoing);
    const obtained = credential?.obtain(before, 0, 700);
    await vi.advanceTimersByTimeAsync(700);
    expect(await obtained).toMatchObject({ kind: 'failed', failure: { kind: 'timeout' } });
    expect(client.isAborted).toBe(true);
  });

  it('keeps a received refresh token when a later call breaks', async () => {
    const source = providers.iflow.create({ oauth_client_id: 'id', oauth_client_secret: 'client-secret' }).tokens;
    if (source === undefined) throw new Error('iflow has tokens');
    const { client, credential } = create(source);
    const obtained = credential?.obtain(before, 1000, 5000);
    client.head(200, 'application/json');
    client.text(JSON.stringify({ access_token: 'access', refresh_token: 'renewal-after' }));
    client.end();
    await until(() => client.requests.length === 2, { what: 'the question for the key' });
    client.fail({ kind: 'network', message: 'The provider reset the connection.' });
    expect(await obtained).toMatchObject({ kind: 'failed', failure: { kind: 'network' }, renewal: 'renewal-after' });
  });

  it('reads a login each time, and treats a missing file as no login', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-login-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'login.json');
    const { credential } = create(echoing, { kind: 'login', path });
    expect(await credential?.readBrought?.()).toBeUndefined();
    writeFileSync(path, 'one');
    expect(await credential?.readBrought?.()).toMatchObject({ value: 'one' });
    writeFileSync(path, 'two');
    expect(await credential?.readBrought?.()).toMatchObject({ value: 'two' });
    expect(create(echoing).credential?.readBrought).toBeUndefined();
  });
});
