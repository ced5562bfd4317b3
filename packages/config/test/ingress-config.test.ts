import { type ConfigSource, loadConfig, loadIngressConfig, type Secret } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { errorOf } from './load.ts';

const file = `
keys: [{ name: team, key: sk-client-0001 }]
upstreams:
  - id: one
    type: openai
    base_url: https://api.example/v1
    credentials: [{ id: a, api_key: canary-of-the-file }, { id: b, api_key: "\${PROVIDER_KEY}" }]
    headers: { X-Account: canary-of-a-header }
    options: { headers: { X-Option: canary-of-an-option } }
    proxy: http://me:canary-of-a-proxy@proxy.example:3128
  - id: two
    type: iflow
    credentials: [{ id: a, oauth_file: /canary-of-a-login }]
    options: { oauth_client_id: me, oauth_client_secret: canary-of-a-client }
models: [{ id: "*", targets: [{ upstream: one }, { upstream: two }] }]
`;
const env = {
  PROVIDER_KEY: 'canary-of-the-environment',
  HTTPS_PROXY: 'http://me:canary-of-the-environment-proxy@proxy.example:3128',
  REDIS_URL: 'redis://me:word-of-redis@127.0.0.1:6379',
  SLUICE_SECRET_KEY: 'secret-of-the-operator',
};
const sourceOf = (text: string): ConfigSource => ({ env, cwd: '/srv', readFile: () => text });

const isSecret = (value: object): value is Secret => 'reveal' in value && typeof value.reveal === 'function';

/** Returns every text within a value, including those of secrets. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (isSecret(value)) return [value.reveal()];
  return Object.entries(value).flatMap(([name, part]) => [name, ...textsIn(part)]);
}

/** Returns the secrets of providers and proxies; those of proxies are kept as headers. */
const canariesIn = (config: unknown): string[] =>
  textsIn(config).filter((text) => /canary/.test(`${text} ${Buffer.from(text.slice(6), 'base64').toString()}`));

describe('the configuration of an ingress', () => {
  it('has no secret of a provider or a proxy, unlike that of a worker', () => {
    expect(canariesIn(loadConfig(sourceOf(file)))).toHaveLength(8);
    const config = loadIngressConfig(sourceOf(file));
    expect(canariesIn(config)).toEqual([]);
    expect(textsIn(config)).toEqual(expect.arrayContaining(['word-of-redis', 'secret-of-the-operator']));
    expect(config.upstreams).toEqual([
      { id: 'one', type: 'openai', baseUrl: 'https://api.example/v1' },
      { id: 'two', type: 'iflow', baseUrl: 'https://apis.iflow.cn/v1' },
    ]);
  });

  it('has the proxies of the environment if it calls an issuer of tokens', () => {
    const issuer = 'auth: { oidc: [{ issuer: https://login.example, audience: [sluice] }] }';
    const { proxies } = loadIngressConfig(sourceOf(`${file}\n${issuer}\n`));
    expect(proxies).toEqual(loadConfig(sourceOf(file)).proxies);
    expect(proxies.https?.url).toBe('http://proxy.example:3128');
  });

  it('has the same other settings as that of a worker, and is frozen', () => {
    const { upstreams: _upstreams, proxies: _proxies, ...ingress } = loadIngressConfig(sourceOf(file));
    expect(loadConfig(sourceOf(file))).toMatchObject(ingress);
    expect(Object.isFrozen(loadIngressConfig(sourceOf(file)).upstreams[0])).toBe(true);
  });

  it.each([
    ['a credential', file.replace('api_key: canary-of-the-file', 'api_key: ""')],
    [
      'an option',
      file.replace('{ oauth_client_id: me, oauth_client_secret: canary-of-a-client }', '{ delivery: poll }'),
    ],
    ['a kind of token', file.replace('api_key: canary-of-the-file', 'anonymous: true')],
    ['a proxy', file.replace('@proxy.example:3128', '@proxy.example:port')],
  ])('is refused for %s, with the message of a worker', (_what, wrong) => {
    const { problems } = errorOf(() => loadIngressConfig(sourceOf(wrong)));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems).toEqual(errorOf(() => loadConfig(sourceOf(wrong))).problems);
  });
});
