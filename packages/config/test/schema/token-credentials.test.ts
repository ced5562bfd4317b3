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
  ])('is of exactly one kind: %s', (credential, problem) => {
    expect(problemsOf(upstream('openai', credential), env)).toContain(problem);
  });

  it.each([
    ['openai', 'anonymous: true', 'anonymous: is not possible here; openai upstreams have keys only: give api_key'],
    ['azure', 'oauth_file: f', 'oauth_file: is not possible here; azure upstreams have keys only: give api_key'],
  ])('of %s has no access tokens: %s', (type, credential, problem) => {
    expect(problemsOf(upstream(type, credential), env)).toEqual([`${at}.${problem}`]);
  });
});

describe('a credential with access tokens', () => {
  it('is refused without SLUICE_SECRET_KEY', () => {
    const wanted = 'must be a secret of at least 16 characters, the same for all replicas';
    const reason = `${at} has access tokens, which Redis holds encrypted with it`;
    const file = upstream('iflow', 'oauth_file: f', oauth);
    expect(problemsOf(file, anyKey)).toEqual([`SLUICE_SECRET_KEY: is missing; it ${wanted}: ${reason}`]);
    expect(problemsOf(file, { ...anyKey, SLUICE_SECRET_KEY: 'short' })).toEqual([
      `SLUICE_SECRET_KEY: ${wanted}: ${reason}`,
    ]);
  });

  it('needs no SLUICE_SECRET_KEY if its upstream has a key', () => {
    expect(load(upstream('iflow', 'api_key: k'), anyKey).upstreams[0]?.credentials[0]?.tokens).toBeUndefined();
  });

  it('needs the OAuth client that renews its login', () => {
    expect(problemsOf(upstream('iflow', 'oauth_file: f'), env)).toEqual([
      'upstreams[0].options.oauth_client_id: is missing; a credential with oauth_file needs it',
      'upstreams[0].options.oauth_client_secret: is missing; a credential with oauth_file needs it',
    ]);
  });

  it('is of a kind that its provider issues', () => {
    expect(problemsOf(upstream('iflow', 'anonymous: true', oauth), env)).toEqual([
      `${at}.anonymous: is not possible here; iflow upstreams take api_key or oauth_file`,
    ]);
  });

  it.each([
    ['creds.json', '/srv/creds.json'],
    ['/etc/creds.json', '/etc/creds.json'],
    ['~/.iflow/oauth_creds.json', '/home/me/.iflow/oauth_creds.json'],
  ])('resolves the path of its file: %s', (path, absolute) => {
    const config = load(upstream('iflow', `oauth_file: ${path}`, oauth), env);
    expect(config.upstreams[0]?.credentials[0]?.tokens).toEqual({ kind: 'login', path: absolute });
    expect(JSON.stringify(config)).not.toContain(secret);
    expect(config.secretKey?.reveal()).toBe(secret);
  });
});
