import { type EffectiveSetting, listSettings, type SettingsList } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { absent, anyKey, errorOf } from '../load.ts';

type Env = Readonly<Record<string, string>>;

function list(yaml: string | undefined, env: Env = anyKey, dotenvNames: readonly string[] = []): SettingsList {
  return listSettings({ env, cwd: '/srv', dotenvNames, readFile: () => yaml ?? absent() });
}

function setting({ settings }: SettingsList, path: string): EffectiveSetting | undefined {
  return settings.find((each) => each.path === path);
}

const file = `# A comment.
keys:
  - name: team-a
    key: sk-canary-team-a-0001
upstreams:
  - { id: one, type: openai, base_url: "\${BASE:-https://one.example/v1}", options: { headers: { X-Account: canary-account } },
      credentials: [{ id: a, api_key: "\${ONE_KEY}" }] }
models: [{ id: "*", targets: [{ upstream: one }] }]
retry: { mode: fast, max_attempts: 4 }
server: { port: 9000, metrics_host: 10.0.0.1 }
`;
const withKey = { ONE_KEY: 'canary-one-key' };

describe('the origin of a setting', () => {
  it('is the default if it is not set', () => {
    expect(setting(list(undefined), 'server.port')).toEqual({
      path: 'server.port',
      value: '8080',
      isSecret: false,
      origin: { kind: 'default' },
    });
  });

  it('is its file and line', () => {
    const found = list(file, withKey);
    expect(found.file).toBe('./sluice.yaml');
    expect(setting(found, 'keys[0].name')).toMatchObject({
      value: 'team-a',
      origin: { kind: 'file', file: './sluice.yaml', line: 3, variables: [] },
    });
    expect(setting(found, 'server.port')?.origin).toMatchObject({ kind: 'file', line: 10 });
    expect(setting(found, 'retry.max_attempts')).toMatchObject({ value: '4', origin: { line: 9 } });
  });

  it('names the variables that the file interpolates', () => {
    const found = list(file, withKey, ['ONE_KEY']);
    expect(setting(found, 'upstreams[0].base_url')).toMatchObject({
      value: 'https://one.example/v1',
      origin: { line: 6, variables: [{ name: 'BASE', isFromDotenv: false }] },
    });
    expect(setting(found, 'upstreams[0].credentials[0].api_key')).toMatchObject({
      value: '[secret]',
      origin: { line: 7, variables: [{ name: 'ONE_KEY', isFromDotenv: true }] },
    });
  });

  it('is the variable that overrides the file', () => {
    const found = list(file, { ...withKey, PORT: '9100', METRICS_HOST: '10.0.0.2' });
    expect(setting(found, 'server.port')).toMatchObject({ value: '9100', origin: { kind: 'variable', name: 'PORT' } });
    for (const path of ['server.metrics_host', 'worker.metrics_host']) {
      expect(setting(found, path)).toMatchObject({ value: '10.0.0.2', origin: { name: 'METRICS_HOST' } });
    }
  });

  it('is the .env file for a variable of that file', () => {
    const found = list(file, { ...withKey, PORT: '9100', LOG_LEVEL: 'debug' }, ['PORT']);
    expect(setting(found, 'server.port')?.origin).toEqual({ kind: 'dotenv', name: 'PORT' });
    expect(setting(found, 'log.level')?.origin).toEqual({ kind: 'variable', name: 'LOG_LEVEL' });
  });

  it.each([
    [{ HTTPS_PROXY: 'proxy.example:3128' }, 'HTTPS_PROXY'],
    [{ https_proxy: 'proxy.example:3128' }, 'https_proxy'],
    [{ https_proxy: 'proxy.example:3128', HTTPS_PROXY: 'http://other.example' }, 'https_proxy'],
    [{ https_proxy: '', HTTPS_PROXY: 'proxy.example:3128' }, 'HTTPS_PROXY'],
  ])('is the effective spelling of a variable: %o', (env, name) => {
    const proxies = list(undefined, { ...anyKey, ...env }).settings.filter(({ path }) => /^[a-z]+_proxy$/i.test(path));
    expect(proxies).toEqual([
      { path: 'HTTPS_PROXY', value: 'http://proxy.example:3128', isSecret: false, origin: { kind: 'variable', name } },
    ]);
    expect(setting(list(undefined, { ...anyKey, ...env }, [name]), 'HTTPS_PROXY')?.origin).toEqual({
      kind: 'dotenv',
      name,
    });
  });

  it('omits the address of a Kubernetes service, which is not a setting', () => {
    expect(setting(list(undefined, { ...anyKey, SIMULATOR_PORT: '9901' }), 'SIMULATOR_PORT')?.value).toBe('9901');
    const links = { SIMULATOR_PORT: 'tcp://10.0.0.1:9900', PORT: 'tcp://10.0.0.1:80' };
    const found = list(undefined, { ...anyKey, ...links });
    expect(setting(found, 'SIMULATOR_PORT')).toBeUndefined();
    expect(setting(found, 'server.port')).toMatchObject({ value: '8080', origin: { kind: 'default' } });
  });

  it('is listed for variables without a setting in the file', () => {
    const found = list(undefined, { ...anyKey, SLUICE_SECRET_KEY: 'canary-of-the-operator-0001' });
    expect(setting(found, 'SLUICE_API_KEYS')).toMatchObject({ value: '[secret]', origin: { kind: 'variable' } });
    expect(setting(found, 'SLUICE_SECRET_KEY')?.value).toBe('[secret]');
    expect(setting(found, 'keys')?.origin).toEqual({ kind: 'default' });
  });
});

describe('the value of a setting', () => {
  it('is the effective one if it is computed from others', () => {
    const found = list(file, withKey);
    expect(setting(found, 'retry.base_delay_ms')).toMatchObject({ value: '200', origin: { kind: 'default' } });
    expect(setting(found, 'timeouts.stream_total_ms')?.value).toBe('60000');
    expect(setting(found, 'limits.default_key_concurrency')?.value).toBe('1000');
  });

  it('is omitted if it is not set and has no default', () => {
    expect(setting(list(undefined), 'redis.username')).toBeUndefined();
  });

  it('is that of REDIS_URL, which overrides the forms and the user of the file', () => {
    const yaml = 'redis: { sentinel: { name: main, nodes: ["a:1"] }, username: app, password: canary-password }';
    const paths = (env: Env): string[] =>
      list(yaml, env).settings.flatMap(({ path, value }) => (path.startsWith('redis.') ? [`${path} ${value}`] : []));
    expect(paths(anyKey)).toEqual([
      'redis.sentinel.name main',
      'redis.sentinel.nodes ["a:1"]',
      'redis.username app',
      'redis.password [secret]',
      'redis.key_prefix sluice',
    ]);
    expect(paths({ ...anyKey, REDIS_URL: 'redis://user:canary-url@redis.example:6379' })).toEqual([
      'redis.url redis://[secret]@redis.example:6379',
      'redis.key_prefix sluice',
    ]);
  });

  it('is that of DATABASE_URL, without its password', () => {
    const shown = 'postgres://[secret]@db.example:5432/records?sslmode=require';
    const url = shown.replace('[secret]', 'app:canary-password');
    expect(setting(list(undefined), 'database.url')?.value).toMatch(/^none; npm start uses /);
    for (const found of [
      list(undefined, { ...anyKey, DATABASE_URL: url }),
      list(`database: { url: "${url}" }`),
      list('database: { url: "postgres://file/other" }', { ...anyKey, DATABASE_URL: url }),
    ]) {
      expect(setting(found, 'database.url')).toMatchObject({ value: shown, isSecret: true });
    }
  });

  const passwords = ["it's-me", 'p"ss', 'p@ss', 'p ss', 'p%40ss', "a'b@c d"];

  it.each(passwords)('hides the password of Redis in a URL: %s', (password) => {
    const url = `redis://user:${password}@r.example:6379/2`;
    const shown = 'redis://[secret]@r.example:6379/2';
    for (const found of [
      list(undefined, { ...anyKey, REDIS_URL: url }),
      list(`redis: { url: ${JSON.stringify(url)} }`),
      list('redis: { url: "${QUEUE}" }', { ...anyKey, QUEUE: url }),
    ]) {
      expect(setting(found, 'redis.url')).toMatchObject({ value: shown, isSecret: true });
    }
  });

  it.each(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'])(
    'hides user and password of %s, with a scheme and without',
    (name) => {
      for (const text of passwords.flatMap((word) => [
        `alice:${word}@p.example:3128`,
        `http://:${word}@p.example:3128`,
      ])) {
        expect(setting(list(undefined, { ...anyKey, [name]: text }), name.toUpperCase())).toMatchObject({
          value: 'http://[secret]@p.example:3128',
          isSecret: true,
          origin: { name },
        });
      }
    },
  );

  it.each([
    ['socks5://127.0.0.1:1080', 'socks5://127.0.0.1:1080'],
    ['socks5://alice:s3cret@127.0.0.1:1080', '[secret]'],
    ['alice:1/cret@proxy.example:3128', '[secret]'],
  ])('shows an ALL_PROXY that is not used only without a user: %s', (text, value) => {
    expect(setting(list(undefined, { ...anyKey, ALL_PROXY: text }), 'ALL_PROXY')?.value).toBe(value);
  });

  it('shows no secret of file and environment', () => {
    const seen = [
      list(file, { ...withKey, REDIS_URL: 'redis://:canary-url@h:1', SLUICE_SECRET_KEY: 'canary-operator-secret' }),
      list(
        `${file}limits: {}\nredis: { password: canary-password }\n`
          .replace('type: openai', 'type: iflow, drop_unsupported: true')
          .replace(
            /options: \{.*?\}\s*\}/,
            'options: { oauth_client_secret: canary-client-secret, oauth_client_id: me }',
          ),
        withKey,
      ),
    ];
    expect(JSON.stringify(seen.map(({ settings }) => settings))).not.toMatch(/canary/);
    expect(seen.map(({ settings }) => settings.filter(({ isSecret }) => isSecret).length)).toEqual([5, 4]);
  });
});

it('refuses an invalid configuration', () => {
  expect(errorOf(() => list('server: { port: x }', anyKey)).problems).toHaveLength(1);
});

describe('the URL of Redis', () => {
  const rows = (url: string, env: Env = anyKey): string[] =>
    list(`redis: { url: "${url}" }`, env).settings.flatMap(({ path, value, origin }) =>
      path.startsWith('redis.') ? [`${path} ${value} ${origin.kind}`] : [],
    );

  it('is the only setting that shows its user and password, hidden, from the file and from the environment', () => {
    const hidden = ['redis.url redis://[secret]@h file', 'redis.key_prefix sluice default'];
    expect(rows('redis://canary-user:canary-password@h')).toEqual(hidden);
    expect(rows('redis://canary-user@h')).toEqual(hidden);
    expect(rows('redis://:canary-password@h')).toEqual(hidden);
    expect(rows('redis://h', { ...anyKey, REDIS_URL: 'redis://canary-user:canary-password@other' })).toEqual([
      'redis.url redis://[secret]@other variable',
      'redis.key_prefix sluice default',
    ]);
    const beside = list('redis: { url: "redis://canary-user@h", password: canary-password }');
    expect(setting(beside, 'redis.password')).toMatchObject({ value: '[secret]', origin: { kind: 'file' } });
  });

  it('is the origin of TLS', () => {
    expect(rows('rediss://h')).toContain('redis.tls true file');
    expect(rows('redis://h', { ...anyKey, REDIS_URL: 'rediss://h' })).toContain('redis.tls true variable');
  });
});

it('shows the paths of private keys and the value `none` of proxies, which are not secrets', () => {
  const tls = 'tls: { cert: /c.pem, key: /k.pem }';
  const found = list(
    `redis: { ${tls} }\nupstreams: [{ id: u, type: openai, base_url: "http://h/v1", ${tls} }]\nmodels: [{ id: m, targets: [{ upstream: u }] }]`,
    { ...anyKey, HTTPS_PROXY: 'none', ALL_PROXY: 'none' },
  );
  for (const path of ['redis.tls.key', 'upstreams[0].tls.key']) {
    expect(setting(found, path)).toMatchObject({ value: '/k.pem', isSecret: false });
  }
  for (const path of ['HTTPS_PROXY', 'ALL_PROXY']) expect(setting(found, path)?.value).toBe('none');
});
