import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifies } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { readSettings } from '../src/settings.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function settingsOf(yaml: string, env: Readonly<Record<string, string>> = {}): ReturnType<typeof readSettings> {
  const root = mkdtempSync(join(tmpdir(), 'sluice-settings-'));
  folders.push(root);
  writeFileSync(join(root, 'sluice.yaml'), yaml);
  return readSettings(env, root);
}

describe('the Redis of the settings', () => {
  it.each([
    ['no setting names', '', {}, { kind: 'url', url: undefined, setting: 'REDIS_URL' }],
    ['the file names', 'redis: { url: redis://h:7 }', {}, { kind: 'url', url: 'redis://h:7', setting: 'redis.url' }],
    [
      'the environment names',
      'redis: { url: redis://h:7 }',
      { REDIS_URL: 'redis://other:8/2' },
      { kind: 'url', url: 'redis://other:8/2', setting: 'REDIS_URL' },
    ],
    [
      'has its password beside the URL',
      'redis: { url: redis://h:7, username: u, password: "p@ss", tls: true }',
      {},
      { kind: 'url', url: 'rediss://u:p%40ss@h:7', setting: 'redis.url' },
    ],
    ['is a cluster', 'redis: { cluster: ["a:1", "b:2"] }', {}, { kind: 'configured' }],
    ['has sentinels', 'redis: { sentinel: { name: m, nodes: ["a:1"] } }', {}, { kind: 'configured' }],
  ])('that %s', (_, yaml, env, redis) => {
    expect(settingsOf(yaml, env).redis).toEqual(redis);
  });
});

describe('the database of the settings', () => {
  const connection = { connectionString: 'postgres://h:7/db', ssl: false, connectionTimeoutMillis: 5000 };
  it.each([
    ['nothing names', '', {}, { kind: 'own' }],
    [
      'the file names',
      'database: { url: postgres://h:7/db }',
      {},
      { kind: 'given', connection, setting: 'database.url' },
    ],
    [
      'the environment names',
      'database: { url: postgres://file/db }',
      { DATABASE_URL: 'postgres://h:7/db' },
      { kind: 'given', connection, setting: 'DATABASE_URL' },
    ],
    ['the person does not want', '', { DATABASE_URL: 'none' }, { kind: 'none' }],
  ])('that %s', (_, yaml, env, database) => {
    expect(settingsOf(yaml, env).database).toEqual(database);
  });
});

describe('the model to try', () => {
  it('is the first that is not a glob', () => {
    const upstream = 'upstreams: [{ id: u, type: openai, base_url: "http://127.0.0.1:1/v1" }]';
    const model = (id: string): string => `{ id: "${id}", targets: [{ upstream: u }] }`;
    expect(settingsOf(`${upstream}\nmodels: [${model('gpt-*')}, ${model('small')}]`).model).toBe('small');
    expect(settingsOf(`${upstream}\nmodels: [${model('gpt-*')}]`).model).toBeUndefined();
  });
});

it('a file with a mistake throws the message of the configuration', () => {
  expect(() => settingsOf('server: { port: x }')).toThrow(/server\.port/);
});

it('names the setting of each host', () => {
  const named = (yaml: string, env = {}): string[] => {
    const { ingress, ingressManagement, worker } = settingsOf(yaml, env);
    return [ingress, ingressManagement, worker].map(({ hostSetting }) => hostSetting);
  };
  expect(named('')).toEqual(['server.host', 'server.metrics_host', 'worker.metrics_host']);
  expect(named('', { HOST: '::', METRICS_HOST: '::1' })).toEqual(['HOST', 'METRICS_HOST', 'METRICS_HOST']);
});

describe('the address of the ingress', () => {
  it.each([
    ['loopback by default', '', {}, '127.0.0.1'],
    ['that of the file', 'server: { host: 0.0.0.0 }', {}, '0.0.0.0'],
    ['that of the environment', 'server: { host: 0.0.0.0 }', { HOST: '::1' }, '::1'],
  ])('is %s', (_, yaml, env, host) => {
    expect(settingsOf(yaml, env).ingress.host).toBe(host);
  });
});

describe('bodies in the records', () => {
  const file = 'records: { log_bodies: true }';

  it('need a secret, and the database that is given or brought', () => {
    expect(settingsOf(file)).toMatchObject({ needsSecretKey: true, database: { kind: 'own' } });
    expect(settingsOf(file, { SLUICE_SECRET_KEY: 'a-secret-of-the-operator' }).needsSecretKey).toBe(false);
    expect(settingsOf('').needsSecretKey).toBe(false);
    expect(() => settingsOf(file, { DATABASE_URL: 'none' })).toThrow(/records\.log_bodies: needs a database/);
  });
});

describe('a profile', () => {
  const profileOf = (env: Readonly<Record<string, string>>): ReturnType<typeof readSettings> => {
    const root = mkdtempSync(join(tmpdir(), 'sluice-settings-'));
    folders.push(root);
    return readSettings(env, root);
  };

  it('needs a secret for access tokens of guests', verifies('000-11', '000-15', '001-38'), () => {
    const env = { SLUICE_COMPAT: 'zai-proxy' };
    expect(profileOf(env)).toMatchObject({ needsSecretKey: true, hasClientKeys: false, model: 'glm-4.5' });
    expect(profileOf({ ...env, SLUICE_SECRET_KEY: '' }).needsSecretKey).toBe(true);
    expect(profileOf({ ...env, SLUICE_SECRET_KEY: 'a-secret-of-the-operator' }).needsSecretKey).toBe(false);
    expect(profileOf({ ...env, UPSTREAM_TOKEN: 't', ANON_TOKEN_ENABLED: 'false' }).needsSecretKey).toBe(false);
  });

  it('shows the key of its own variable', verifies('000-12', '001-21'), () => {
    expect(profileOf({ SLUICE_COMPAT: 'z2api', DEFAULT_KEY: 'sk-our-own-key' }).apiKey).toBe('sk-our-own-key');
    expect(profileOf({ SLUICE_COMPAT: 'zai-proxy', API_KEY: 'sk-our-own-key' }).apiKey).toBe('sk-our-own-key');
    // In this profile the variable of this name holds the provider's key.
    const unified = profileOf({
      SLUICE_COMPAT: 'unified-proxy',
      API_KEY: 'sk-of-provider',
      ENABLE_CLIENT_AUTH: 'false',
    });
    expect(unified).toMatchObject({ apiKey: undefined, isOpen: true });
  });

  it('treats empty variables as not set', () => {
    const empty = { PORT: '', METRICS_PORT: '', SIMULATOR_PORT: '', REDIS_URL: '', HOST: '', SLUICE_API_KEYS: '' };
    const { warnings: _, ...settings } = profileOf(empty);
    const { warnings: _none, ...usual } = profileOf({});
    expect(settings).toEqual(usual);
  });
});

describe('the ports of the settings', () => {
  it.each<[yaml: string, env: Readonly<Record<string, string>>, explicit: readonly string[]]>([
    ['{}', {}, []],
    ['server: { port: 8080 }', {}, ['ingress']],
    ['worker: { metrics_port: 9464 }', {}, ['worker']],
    ['server: { metrics_port: 9463 }', {}, ['ingressManagement']],
    ['{}', { PORT: '8080', METRICS_PORT: '9464', SIMULATOR_PORT: '9900' }, ['ingress', 'worker', 'simulator']],
  ])('are explicit when they are set, even to the defaults: %s %o', (yaml, env, explicit) => {
    const settings = settingsOf(yaml, env);
    const names = ['ingress', 'ingressManagement', 'worker', 'simulator'] as const;
    expect(names.filter((name) => settings[name].isExplicit)).toEqual(explicit);
  });

  it('ignore the variables that Kubernetes sets for neighbouring services', () => {
    const links = { PORT: 'tcp://10.0.0.1:80', METRICS_PORT: 'tcp://10.0.0.1:1', SIMULATOR_PORT: 'tcp://10.0.0.1:2' };
    expect(settingsOf('{}', links)).toEqual(settingsOf('{}'));
  });
});
