import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '@sluice/config';
import { digestOfKey } from '../src/key-digest.ts';

const load = (file: string, env: Readonly<Record<string, string>> = { SLUICE_API_KEYS: 'sk-test-real-0001' }) =>
  loadConfig({ env, cwd: '/srv', readFile: () => file });

const upstream = (key: string): string =>
  `upstreams: [{ id: u, type: openai, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: a, api_key: "${key}" }] }]`;

describe('a secret that stands in documentation', () => {
  it.each([
    ['a key of the file', 'keys: [{ key: sk-CHANGE-ME }]', {}, 'keys[0].key'],
    ['a key of the file, by its hash', `keys: [{ key_hash: ${digestOfKey('sk-CHANGE-ME')} }]`, {}, 'keys[0].key_hash'],
    ['a key of the environment', '', { SLUICE_API_KEYS: 'sk-test-real-0001,sk-change-me' }, 'SLUICE_API_KEYS[1]'],
    [
      'the secret key',
      '',
      { SLUICE_API_KEYS: 'sk-real-0001', SLUICE_SECRET_KEY: 'CHANGE-ME-CHANGE-ME' },
      'SLUICE_SECRET_KEY',
    ],
    ["a provider's key", upstream('your-api-key'), undefined, 'upstreams[0].credentials[0].api_key'],
    ["another provider's key", upstream('sk-ChangeMe-123'), undefined, 'upstreams[0].credentials[0].api_key'],
  ])('is refused as %s', (_, file, env, path) => {
    let message = '';
    try {
      load(file, env);
    } catch (error) {
      if (error instanceof ConfigError) message = error.message;
    }
    expect(message).toContain(`${path}: is an example from the documentation; give your own`);
  });
});

describe('anonymous access', () => {
  const anonymous = 'keys: [{ name: all, anonymous: without_key }]';
  it.each([
    ['', /without a key are served to this machine/],
    ['server: { host: 0.0.0.0 }', /without a key are served to every machine that reaches 0\.0\.0\.0/],
  ])('is warned of at the start: %s', (server, words) => {
    expect(load(`${anonymous}\n${server}`, {}).warnings.join('\n')).toMatch(words);
  });

  it('binds loopback where the replaced gateway listened everywhere, unless HOST says otherwise', () => {
    const env = { SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-real-upstream', ALLOW_ANONYMOUS_ACCESS: 'true' };
    const loadCompat = (more: Readonly<Record<string, string>>) =>
      loadConfig({ env: { ...env, ...more }, cwd: '/nowhere' });
    expect(loadCompat({}).server.host).toBe('127.0.0.1');
    expect(loadCompat({ HOST: '0.0.0.0' }).server.host).toBe('0.0.0.0');
    expect(loadCompat({ ALLOW_ANONYMOUS_ACCESS: 'false', SLUICE_API_KEYS: 'sk-real-0001' }).server.host).toBe(
      '0.0.0.0',
    );
  });
});
