import { isNamedLikeSecret, serviceLinksIn } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { readEnvironment, secretVariableNames, suppliedBy } from '../src/environment.ts';
import { isSecretSetting } from '../src/secret-names.ts';

describe('readEnvironment', () => {
  it('gives each variable its type', () => {
    const { environment, problems, notes } = readEnvironment({
      PORT: '0080',
      LOG_LEVEL: 'Warning',
      SLUICE_API_KEYS: ' sk-first-0001 ,sk-second-0002',
      HTTPS_PROXY: 'proxy.example:3128',
      ALL_PROXY: 'socks5://p:1',
      NO_PROXY: '*',
    });
    expect(environment).toEqual({
      PORT: 80,
      LOG_LEVEL: 'warn',
      SLUICE_API_KEYS: ['sk-first-0001', 'sk-second-0002'],
      HTTPS_PROXY: 'http://proxy.example:3128',
      ALL_PROXY: { kind: 'unusable', text: 'socks5://p:1' },
      NO_PROXY: '*',
    });
    expect([problems, notes]).toEqual([[], []]);
  });

  it.each(['8080 ', '8e3', '+80', '-0', '٣'])('does not read %j as digits', (text) => {
    expect(readEnvironment({ PORT: text }).problems).toEqual([
      { path: 'PORT', message: 'must be a whole number from 0 to 65535' },
    ]);
  });

  it('returns the valid variables beside the problems of the others', () => {
    const { environment, problems } = readEnvironment({ PORT: 'x', HOST: '::1', SLUICE_API_KEYS: 'sk-first-0001,a' });
    expect(environment).toEqual({ HOST: '::1' });
    expect(problems.map(({ path }) => path)).toEqual(['PORT', 'SLUICE_API_KEYS[1]']);
  });

  it('reads no other variable', () => {
    expect(readEnvironment({ PATH: '/bin', port: '80', API_KEY: 'x' }).environment).toEqual({});
  });

  it('reads in lower case only the variables of proxies, where that spelling wins', () => {
    const { environment } = readEnvironment({ http_proxy: 'a:1', HTTP_PROXY: 'b:1', host: '::1', no_proxy: 'c' });
    expect(environment).toEqual({ HTTP_PROXY: 'http://a:1', NO_PROXY: 'c' });
  });

  it('reads `none` as no proxy', () => {
    const { environment } = readEnvironment({ HTTPS_PROXY: 'none', ALL_PROXY: 'none' });
    expect(environment).toEqual({ HTTPS_PROXY: 'none', ALL_PROXY: { kind: 'none' } });
  });
});

describe('suppliedBy', () => {
  it('returns the spelling that counts', () => {
    expect(suppliedBy('HTTPS_PROXY', { https_proxy: 'a', HTTPS_PROXY: 'b' })).toBe('https_proxy');
    expect(suppliedBy('HTTPS_PROXY', { https_proxy: '', HTTPS_PROXY: 'b' })).toBe('HTTPS_PROXY');
    expect(suppliedBy('PORT', { port: '80' })).toBe('PORT');
  });
});

it('finds the variables that Kubernetes sets for services, of ports alone', () => {
  const link = 'tcp://10.0.0.1:80';
  expect([...serviceLinksIn({ PORT: link, METRICS_PORT: '9464', HOST: link, OTHER_PORT: link })]).toEqual(['PORT']);
  expect([...serviceLinksIn({})]).toEqual([]);
});

describe('the names of secrets', () => {
  it('are those of variables that may hold one, in every spelling', () => {
    expect(secretVariableNames).toEqual([
      'REDIS_URL',
      'DATABASE_URL',
      'SLUICE_SECRET_KEY',
      'SLUICE_API_KEYS',
      'https_proxy',
      'HTTPS_PROXY',
      'http_proxy',
      'HTTP_PROXY',
      'all_proxy',
      'ALL_PROXY',
    ]);
  });

  it.each(['OPENAI_API_KEY', 'GITHUB_TOKEN', 'db_password', 'Passphrase', 'AWS_CREDENTIALS', 'CLIENT_SECRET'])(
    'of other programs are recognised: %s',
    (name) => {
      expect(isNamedLikeSecret(name)).toBe(true);
    },
  );

  it.each(['PORT', 'HOME', 'BASE_URL'])('do not include %s', (name) => {
    expect(isNamedLikeSecret(name)).toBe(false);
  });

  it('of settings end in the word', () => {
    for (const name of ['key', 'api_key', 'key_hash', 'password', 'oauth_client_secret', 'token']) {
      expect(isSecretSetting(name)).toBe(true);
    }
    for (const name of ['key_prefix', 'max_tokens', 'keys', 'first_token_ms', 'default_key_concurrency', 'monkey']) {
      expect(isSecretSetting(name)).toBe(false);
    }
  });
});
