import { describe, expect, it } from 'vitest';
import { anyKey, load, problemsOf } from '../load.ts';

const secret = 'a-secret-of-the-operator';
const env = { ...anyKey, SLUICE_SECRET_KEY: secret, HOME: '/home/me' };
const oauth = 'options: { oauth_client_id: i, oauth_client_secret: s }';
const upstream = (type: string, credential: string, fields = ''): string =>
  `upstreams: [{ id: up, type: ${type}, base_url: http://h/v1, credentials: [{ id: a, ${credential} }], ${fields} }]\nmodels: [{ id: a, targets: [{ upstream: up }] }]`;
const at = 'upstreams[0].credentials[0]';

describe('a credential', () => {
  it.each([
    ['api_key: k, anonymous: true', `${at}.anonymous: contradicts api_key; give only one of them`],
    ['oauth_file: f, api_key: k', `${at}.oauth_file: contradicts api_key; give only one of them`],
    ['anonymous: false', `${at}.anonymous: must be true, or not set at all`],
  ])('is one thing alone: %s', (credential, problem) => {
    expect(problemsOf(upstream('openai', credential), env)).toContain(problem);
  });

  it.each([
    ['openai', 'anonymous: true', 'anonymous: is not possible here; openai upstreams have keys only: give api_key'],
    ['azure', 'oauth_file: f', 'oauth_file: is not possible here; azure upstreams have keys only: give api_key'],
  ])('of %s has no tokens: %s', (type, credential, problem) => {
    expect(problemsOf(upstream(type, credential), env)).toEqual([`${at}.${problem}`]);
  });
});
