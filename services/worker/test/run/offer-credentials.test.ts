import { firstRetryState, type RetryState } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { createCredentialPool } from '../../src/credentials/credential-pool.ts';
import { credentialName, offerCredentials } from '../../src/run/offer-credentials.ts';
import { poolOf, targetWith } from '../scene.ts';

const guest = { id: 'guest', apiKey: undefined, tokens: { kind: 'anonymous' }, tokenCredential: undefined } as const;
const user = { id: 'user', apiKey: undefined, tokens: undefined, tokenCredential: undefined };
const refusesGuests = { ...providers.openai.create({}), refusesGuests: () => true };

describe('the credentials of a target', () => {
  it('are named within the target', () => {
    expect(credentialName(targetWith(), 'a')).toBe('u/m#a');
  });

  it.each<[string, Partial<RetryState>, readonly string[]]>([
    ['all', {}, ['a', 'b', 'c']],
    ['those that got no 403', { forbidden: ['u/m#a'] }, ['b', 'c']],
    ['those that can serve the request', { incapable: ['u/m#c'] }, ['a', 'b']],
    ['those that another target or model refused', { forbidden: ['v/m#a', 'u/m2#b'] }, ['a', 'b', 'c']],
    ['none', { forbidden: ['u/m#a', 'u/m#b'], incapable: ['u/m#c'] }, []],
  ])('are offered: %s', (_which, over, ids) => {
    const target = targetWith({ pool: poolOf('a', 'b', 'c') });
    expect(offerCredentials(target, {}, { ...firstRetryState, ...over }).ids).toEqual(ids);
  });

  it.each([
    ['a user, if the provider refuses this request of guests', [guest, user], refusesGuests, ['user']],
    ['a guest, if there is no user', [guest], refusesGuests, ['guest']],
    ['both, for any other request', [guest, user], providers.openai.create({}), ['guest', 'user']],
  ])('are %s', (_what, credentials, adapter, ids) => {
    const target = targetWith({ pool: createCredentialPool(credentials), adapter });
    expect(offerCredentials(target, {}, firstRetryState).ids).toEqual(ids);
  });

  it('are not those of guests while the users are refused', () => {
    const target = targetWith({ pool: createCredentialPool([guest, user]), adapter: refusesGuests });
    expect(offerCredentials(target, {}, { ...firstRetryState, forbidden: ['u/m#user'] }).ids).toEqual([]);
  });
});
