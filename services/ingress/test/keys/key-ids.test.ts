import { teamKeyId } from '@sluice/admission';
import { clientKeyIdSchema } from '@sluice/records';
import { expect, test } from 'vitest';
import { newKeyId } from '../../src/keys/new-secret.ts';
import { configOf } from '../config-of.ts';

test('no client key has the name under which Redis has the leases and rates of a team', () => {
  const isOfKey = (id: string): boolean => clientKeyIdSchema.safeParse(id).success;
  const { keys } = configOf({ keys: [{ key: 'sk-client-0001' }, { key_hash: `sha256:${'ab'.repeat(32)}` }] });
  expect([...keys.map(({ id }) => id), newKeyId(), 'oidc_0123456789abcdef'].filter((id) => !isOfKey(id))).toEqual([]);
  expect(['blue', 'a-b', ''].filter((team) => isOfKey(teamKeyId(team)))).toEqual([]);
});
