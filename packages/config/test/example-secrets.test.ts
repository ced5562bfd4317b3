import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '@sluice/config';
import { exampleFault, examples } from '../src/example-secrets.ts';
import { digestOfKey } from '../src/key-digest.ts';
import { absent, errorOf } from './load.ts';

const load = (file: string, env: Readonly<Record<string, string>> = { SLUICE_API_KEYS: 'sk-test-real-0001' }) =>
  loadConfig({ env, cwd: '/srv', readFile: () => file });

const profile =
  (name: string, variable: string, beside: Readonly<Record<string, string>> = {}) =>
  (secret: string): unknown =>
    loadConfig({
      env: { SLUICE_API_KEYS: 'sk-test-real-0001', SLUICE_COMPAT: name, ...beside, [variable]: secret },
      cwd: '/srv',
      readFile: absent,
    });

function problemsAt(run: () => unknown): readonly string[] {
  return errorOf(run).problems.map(({ path, message }) => `${path}: ${message}`);
}

const upstream = (key: string): string =>
  `upstreams: [{ id: u, type: openai, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: a, api_key: "${key}" }] }]\nmodels: [{ id: m, targets: [{ upstream: u }] }]`;

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
    [
      'the hash of a published default',
      'keys: [{ key_hash: 6ed62ce804eb3a9add7e91b01fbf9c5c4622b9d3f6862ec3531d6eae86c7a3f9 }]',
      {},
      'keys[0].key_hash',
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

describe('every secret of the documentation', () => {
  const doors: readonly (readonly [door: string, load: (secret: string) => unknown, path: string])[] = [
    ['SLUICE_API_KEYS', (secret) => load('', { SLUICE_API_KEYS: secret }), 'SLUICE_API_KEYS[0]'],
    ['keys of the file', (secret) => load(JSON.stringify({ keys: [{ key: secret }] })), 'keys[0].key'],
    ['hashes of the file', (secret) => load(`keys: [{ key_hash: ${digestOfKey(secret)} }]`), 'keys[0].key_hash'],
    ['credentials of the file', (secret) => load(upstream(secret)), 'upstreams[0].credentials[0].api_key'],
    ['API_KEY of zai-proxy', profile('zai-proxy', 'API_KEY'), 'API_KEY'],
    ['UPSTREAM_TOKEN of zai-proxy', profile('zai-proxy', 'UPSTREAM_TOKEN'), 'UPSTREAM_TOKEN'],
    ['ZAI_API_KEY of zai-proxy', profile('zai-proxy', 'ZAI_API_KEY'), 'ZAI_API_KEY'],
    ['DEFAULT_KEY of z2api', profile('z2api', 'DEFAULT_KEY'), 'DEFAULT_KEY'],
    ['UPSTREAM_TOKEN of z2api', profile('z2api', 'UPSTREAM_TOKEN'), 'UPSTREAM_TOKEN'],
    [
      'ALIYUN_API_KEY of bailian-proxy',
      profile('bailian-proxy', 'ALIYUN_API_KEY', { ALIYUN_APP_ID: 'a' }),
      'ALIYUN_API_KEY',
    ],
    [
      'ALIYUN_APP_ID of bailian-proxy',
      profile('bailian-proxy', 'ALIYUN_APP_ID', { ALIYUN_API_KEY: 'k' }),
      'ALIYUN_APP_ID',
    ],
    ['API_KEY of unified-proxy', profile('unified-proxy', 'API_KEY'), 'API_KEY'],
    [
      'settings.json of iflow2api',
      (secret) =>
        loadConfig({
          env: { SLUICE_API_KEYS: 'sk-test-real-0001', SLUICE_COMPAT: 'iflow2api', HOME: '/h' },
          cwd: '/srv',
          readFile: (path) => (path === '/h/.iflow/settings.json' ? JSON.stringify({ apiKey: secret }) : absent()),
        }),
      '~/.iflow/settings.json, apiKey',
    ],
  ];
  // As they stand in the papers of the five gateways and in ours.
  const secrets = [
    ...examples,
    'YOUR_API_KEY',
    'xxxxxxxxxxxxx',
    'sk-5dfxxxxxxxxxxxxxxxxxxx',
    `pat_91b9${'0aZ'.repeat(20)}`,
  ];

  it.each(doors)('is refused by %s, in one sentence', (door, open, path) => {
    for (const secret of secrets) {
      // A hash can't be compared with a pattern.
      if (door === 'hashes of the file' && !(examples as readonly string[]).includes(secret)) continue;
      expect(
        problemsAt(() => open(secret)),
        secret,
      ).toEqual([`${path}: is an example from the documentation; give your own`]);
    }
  });

  it.each(['not-needed', 'sk-proj-7Jx0aYourKeyXxXx', 'pat_81b9aaaa0000', 'app-1'])('is not %s', (secret) => {
    expect(exampleFault(secret)).toBeUndefined();
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
