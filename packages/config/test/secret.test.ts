import { inspect } from 'node:util';
import { createSecret } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { errorOf, load } from './load.ts';

describe('createSecret', () => {
  const secret = createSecret('hush-hush');

  it('returns the text from reveal()', () => {
    expect(secret.reveal()).toBe('hush-hush');
  });

  it('does not show the text otherwise', () => {
    const shown = [
      String(secret),
      `${String(secret)}!`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ secret }, { depth: 9, showHidden: true }),
      JSON.stringify(Object.entries(secret)),
    ];
    for (const text of shown) expect(text).not.toContain('hush');
    expect(shown.slice(0, 4)).toEqual(['[secret]', '[secret]!', '{"secret":"[secret]"}', '[secret]']);
  });

  it('is frozen', () => {
    expect(Object.isFrozen(secret)).toBe(true);
  });
});

describe('secrets of a configuration', () => {
  const secrets = {
    TEAM_KEY: 'sk-hidden-team-0001',
    REDIS_PW: 'hidden-redis-0002',
    URL_PW: 'hidden-url-0003',
    PROVIDER_KEY: 'hidden-provider-0004',
    SLUICE_API_KEYS: 'sk-hidden-env-0005',
    SLUICE_SECRET_KEY: 'hidden-master-0006',
    DATABASE_URL: 'postgres://u:hidden-db-0007@h/d',
  };
  const fragments = ['hidden', '0002', '0003', '0004', '0006', '0007'];
  const file = `
redis: { url: "rediss://u:\${URL_PW}@h" }
keys: [{ name: a, key: \${TEAM_KEY} }]
upstreams: [{ id: sim, type: openai, base_url: http://h, credentials: [{ id: a, api_key: \${PROVIDER_KEY} }] }]
models: [{ id: "*", targets: [{ upstream: sim }] }]
`;

  it.each([
    ['the URL', file],
    ['the password', file.replace('{ url: "rediss://u:${URL_PW}@h" }', '{ password: ${REDIS_PW} }')],
  ])('are not shown in it, with one in %s of Redis', (_, yaml) => {
    const config = load(yaml, secrets);
    const shown = [JSON.stringify(config), inspect(config, { depth: 20, showHidden: true, getters: true })];
    for (const text of shown) for (const fragment of fragments) expect(text).not.toContain(fragment);
    expect(config.upstreams[0]?.credentials[0]?.apiKey?.reveal()).toBe(secrets.PROVIDER_KEY);
  });

  it('are not shown in the messages of an invalid one', () => {
    const wrong = `
redis: { url: "\${URL_PW}", cluster: "\${URL_PW}", password: { a: "\${REDIS_PW}" }, key_prefix: "\${REDIS_PW} ", tls: \${REDIS_PW} }
keys:
  - \${TEAM_KEY}
  - [\${TEAM_KEY}]
  - { key: "\${TEAM_KEY} ", name: [\${TEAM_KEY}], models: \${TEAM_KEY}, limits: { rpm: \${TEAM_KEY} } }
  - { key: \${TEAM_KEY}, key_hash: \${TEAM_KEY} }
  - { key: \${TEAM_KEY} }
  - { sk-hidden-name-0008: x }
server: { port: \${PROVIDER_KEY}, host: "@\${PROVIDER_KEY}", trust_proxy: \${PROVIDER_KEY} }
retry: { mode: \${PROVIDER_KEY} }
log: \${PROVIDER_KEY}
upstreams: [{ id: "\${PROVIDER_KEY}/", type: \${PROVIDER_KEY}, base_url: "http://u:\${PROVIDER_KEY}@h", credentials: \${PROVIDER_KEY} }]
models: [{ id: " \${PROVIDER_KEY}", targets: [{ upstream: \${PROVIDER_KEY}, weight: \${PROVIDER_KEY} }] }]
`;
    const env = {
      ...secrets,
      PORT: 'hidden-port',
      HOST: '@hidden',
      REDIS_URL: 'hidden-url',
      SLUICE_COMPAT: 'hidden',
      LOG_LEVEL: 'hidden',
    };
    const error = errorOf(() => load(wrong, env));
    expect(error.problems.length).toBeGreaterThan(20);
    for (const text of [
      error.message,
      String(error.stack),
      inspect(error, { depth: 9 }),
      JSON.stringify(error.problems),
    ]) {
      for (const fragment of fragments) expect(text).not.toContain(fragment);
    }
  });
});
