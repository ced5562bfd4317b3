import { GatewayError } from '@sluice/protocol';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { principalOf } from '../../src/context.ts';
import { type AcceptedKey, toKnownKey } from '../../src/keys/known-key.ts';
import { createKnownKeys } from '../../src/keys/known-keys.ts';
import { authenticate, type AuthenticateNeeds } from '../../src/middleware/authenticate.ts';
import { handleError } from '../../src/middleware/handle-error.ts';
import { requestId } from '../../src/middleware/request-id.ts';
import { createTokenBuckets } from '../../src/middleware/token-buckets.ts';
import { keyFor, noTokens, send, serve } from './serving.ts';

interface Asked {
  readonly keys?: readonly AcceptedKey[];
  readonly tokens?: AuthenticateNeeds['tokens'];
  readonly secret: string;
}

/** Returns the owner that the secret leads to, or status and code of the refusal. */
async function ask({ keys = [], tokens = noTokens, secret }: Asked): Promise<unknown> {
  const wrongKeys = createTokenBuckets({ perMinute: 60, burst: 1000, now: () => 0 });
  const app = express();
  app.use(
    requestId,
    authenticate({ keys: createKnownKeys({ keys, teams: [] }), tokens, wrongKeys, untilCompared: () => undefined }),
  );
  app.get('/', (_request, response) => void response.json(principalOf(response).owner ?? 'none'));
  app.use(handleError(() => undefined));
  const headers = { authorization: `Bearer ${secret}`, 'x-user': 'eve', 'x-owner': 'eve' };
  const { status, json } = await send(await serve(app), { method: 'GET', headers });
  return status === 200 ? json : `${status} ${json.error?.code}`;
}

const secret = 'sk-known-0001';

describe('a key', () => {
  it.each<[string, Partial<AcceptedKey>, string]>([
    ['that has expired', { expiresAt: Date.now() - 1 }, '401 key_expired'],
    ['that expires later', { expiresAt: Date.now() + 60_000 }, 'none'],
    ['of another address', { allowedAddresses: ['203.0.113.0/24', '2001:db8::1'] }, '403 address_not_allowed'],
    ['of this address', { allowedAddresses: ['203.0.113.7', '127.0.0.0/8'] }, 'none'],
    ['of an unknown team', { team: 'nowhere' }, '403 key_without_team'],
    ['with an owner', { owner: 'Ada' }, 'Ada'],
  ])('%s', async (_what, over, expected) => {
    expect(await ask({ keys: [keyFor(secret, over)], secret })).toBe(expected);
  });
});

describe('a token', () => {
  const tokensThat = (verify: AuthenticateNeeds['tokens']['verify']): AuthenticateNeeds['tokens'] => ({
    find: () => undefined,
    isToken: (text) => text.startsWith('eyJ'),
    verify,
  });

  it('is the client that its claims name, whatever the headers say', async () => {
    const tokens = tokensThat(async () => toKnownKey(keyFor('x', { owner: 'Ada' }), undefined));
    expect(await ask({ tokens, secret: 'eyJ.a.b' })).toBe('Ada');
  });

  it.each([
    ['invalid_api_key', '401 invalid_api_key'],
    ['issuer_unavailable', '503 issuer_unavailable'],
  ] as const)('that is refused with %s', async (code, expected) => {
    const tokens = tokensThat(() => Promise.reject(new GatewayError(code)));
    expect(await ask({ tokens, secret: 'eyJ.a.b' })).toBe(expected);
  });
});
