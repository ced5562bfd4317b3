import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '@sluice/config';
import { exampleSpellings } from '@sluice/testkit';
import { exampleFault, examples } from '../src/example-secrets.ts';
import { digestOfKey } from '../src/key-digest.ts';
import { errorOf } from './load.ts';

const load = (file: string, env: Readonly<Record<string, string>> = { SLUICE_API_KEYS: 'sk-test-real-0001' }) =>
  loadConfig({ env, cwd: '/srv', readFile: () => file });

function problemsAt(run: () => unknown): readonly string[] {
  return errorOf(run).problems.map(({ path, message }) => `${path}: ${message}`);
}

const upstream = (key: string): string =>
  `upstreams: [{ id: u, type: openai, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: a, api_key: ${JSON.stringify(key)} }] }]\nmodels: [{ id: m, targets: [{ upstream: u }] }]`;

describe('a secret of the documentation', () => {
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
    expect(message).toContain(`${path}: is an example from the documentation; replace it by your own`);
  });
});

describe('every example secret', () => {
  const doors: readonly (readonly [door: string, load: (secret: string) => unknown, path: string])[] = [
    ['SLUICE_API_KEYS', (secret) => load('', { SLUICE_API_KEYS: secret }), 'SLUICE_API_KEYS[0]'],
    ['keys of the file', (secret) => load(JSON.stringify({ keys: [{ key: secret }] })), 'keys[0].key'],
    ['hashes of the file', (secret) => load(`keys: [{ key_hash: ${digestOfKey(secret)} }]`), 'keys[0].key_hash'],
    ['credentials of the file', (secret) => load(upstream(secret)), 'upstreams[0].credentials[0].api_key'],
  ];
  const secrets = [...examples, ...exampleSpellings];

  it.each(doors)('is refused by %s with one problem', (door, open, path) => {
    for (const secret of secrets) {
      // A hash can't be compared with a pattern, so only fixed spellings are refused.
      if (door === 'hashes of the file' && /^xxx|^sk-5df|^pat_91b9/.test(secret)) continue;
      expect(
        problemsAt(() => open(secret)),
        secret,
      ).toEqual([`${path}: is an example from the documentation; replace it by your own`]);
    }
  });

  it.each([
    'your-secret-key-here',
    '<any-word-at-all>',
    '`CHANGE-ME`',
    '"<sk-EXAMPLE>"',
    'Bearer sk-EXAMPLE',
    'token your_token',
    'your_upstream_password',
    'YourApiKey',
    'put-your-key-here',
  ])('has the form %s too', (secret) => {
    expect(exampleFault(secret)).toBe('is an example from the documentation; replace it by your own');
  });

  it.each([
    'not-needed',
    'Bearer sk-proj-7Jx0a',
    '"sk-proj-7Jx0a"',
    'yours-4f9a-key-77',
    'pass<word>',
    '<a href="/">',
    'sk-proj-7Jx0aYourKeyXxXx',
    'pat_81b9aaaa0000',
    'app-1',
  ])('does not have the form %s', (secret) => {
    expect(exampleFault(secret)).toBeUndefined();
  });
});

describe('a password of the documentation', () => {
  const inUrl = 'holds a password that is an example from the documentation; replace it by your own';
  const example = 'is an example from the documentation; replace it by your own';
  const withUpstream = (more: string): string =>
    `upstreams: [{ id: u, type: openai, base_url: "http://127.0.0.1:1/v1", ${more} }]\nmodels: [{ id: m, targets: [{ upstream: u }] }]`;
  const iflow = (more: string): string => withUpstream(more).replace('type: openai', 'type: iflow');
  const zaiWeb = (more: string): string =>
    withUpstream(`${more}, credentials: [{ id: a, api_key: tok-0001 }]`).replace('type: openai', 'type: zai-web');
  const key = { SLUICE_API_KEYS: 'sk-test-real-0001' };

  it.each<[door: string, file: string, env: Readonly<Record<string, string>>, problem: string]>([
    ['Redis', 'redis: { password: CHANGE-ME }', {}, `redis.password: ${example}`],
    [
      'sentinels',
      'redis: { sentinel: { name: m, nodes: ["a:1"], password: "<password>" } }',
      {},
      `redis.sentinel.password: ${example}`,
    ],
    ['a cluster', 'redis: { cluster: ["a:1"], password: your_redis_password }', {}, `redis.password: ${example}`],
    ['the URL of Redis', 'redis: { url: "rediss://user:password@h" }', {}, `redis.url: ${inUrl}`],
    ['REDIS_URL', '', { REDIS_URL: 'redis://:CHANGE-ME@h' }, `REDIS_URL: ${inUrl}`],
    ['REDIS_URL, percent-encoded', '', { REDIS_URL: 'redis://:%3Cyour-key%3E@h' }, `REDIS_URL: ${inUrl}`],
    ['a proxy', withUpstream('proxy: "http://user:password@p:3128"'), {}, `upstreams[0].proxy: ${inUrl}`],
    ['HTTPS_PROXY', '', { HTTPS_PROXY: 'user:password@p:3128' }, `HTTPS_PROXY: ${inUrl}`],
    ['HTTP_PROXY', '', { HTTP_PROXY: 'http://me:CHANGE-ME@p:3128' }, `HTTP_PROXY: ${inUrl}`],
    ['ALL_PROXY', '', { ALL_PROXY: 'http://your-token@p:3128' }, `ALL_PROXY: ${inUrl}`],
    [
      'a header',
      withUpstream('headers: { authorization: "Bearer sk-EXAMPLE" }'),
      {},
      `upstreams[0].headers.authorization: ${example}`,
    ],
    [
      'another header',
      withUpstream('headers: { x-api-key: your-api-key }'),
      {},
      `upstreams[0].headers.x-api-key: ${example}`,
    ],
    [
      'headers among the options',
      withUpstream('options: { headers: { x-key: your-api-key } }'),
      {},
      `upstreams[0].options.headers.x-key: ${example}`,
    ],
    [
      'the secret of an OAuth client',
      iflow('options: { oauth_client_id: me, oauth_client_secret: CHANGE-ME }'),
      {},
      `upstreams[0].options.oauth_client_secret: ${example}`,
    ],
    [
      'the key of the signature',
      zaiWeb('options: { signing_variant: v2, signing_key: CHANGE-ME }'),
      {},
      `upstreams[0].options.signing_key: ${example}`,
    ],
    ['the secret key', '', { SLUICE_SECRET_KEY: 'your-secret-key-here' }, `SLUICE_SECRET_KEY: ${example}`],
  ])('is refused by %s with one problem', (_, file, env, problem) => {
    expect(problemsAt(() => load(file, { ...key, ...env }))).toEqual([problem]);
  });

  it('is the only kind that is refused', () => {
    const own = 'redis: { url: "redis://user:p%40ss@h" }\n';
    const { redis } = load(own + withUpstream('proxy: "http://user:own@p:3128", headers: { x-title: our gateway }'));
    expect(redis.password?.reveal()).toBe('p@ss');
  });
});

describe('anonymous access', () => {
  const anonymous = 'keys: [{ name: all, anonymous: without_key }]';
  it.each([
    ['', /without a key are accepted from this machine/],
    ['server: { host: 0.0.0.0 }', /without a key are accepted from every machine that reaches 0\.0\.0\.0/],
  ])('causes a warning: %s', (server, words) => {
    expect(load(`${anonymous}\n${server}`, {}).warnings.join('\n')).toMatch(words);
  });
});
