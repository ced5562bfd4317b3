import { hash } from 'node:crypto';
import { type KeyRecord, revokedKeptMs, storedKeySchema } from '@sluice/records';
import { expect, test } from 'vitest';
import { createKnownKeys } from '../../src/keys/known-keys.ts';

const recordOf = (secret: string, revokedAt?: number): KeyRecord => ({
  key: storedKeySchema.parse({
    id: secret,
    name: secret,
    secrets: [{ digest: hash('sha256', secret), hint: 'sk-…' }],
    isRevoked: revokedAt !== undefined,
    revokedAt,
  }),
});

test('keys that were revoked long ago are forgotten', () => {
  const known = createKnownKeys({ keys: [], teams: [], database: {} });
  const at = Date.now();
  known.apply([recordOf('sk-valid'), recordOf('sk-lately', at - 1000), recordOf('sk-once', at - revokedKeptMs)], true);
  const found = () => ['sk-valid', 'sk-lately', 'sk-once'].map((secret) => known.find(secret)?.isRevoked);
  expect(found()).toEqual([false, true, true]);
  known.forgetRevoked(at);
  expect(found()).toEqual([false, true, undefined]);
});
