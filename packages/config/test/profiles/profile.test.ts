import {
  type ConfigSource,
  listSettings,
  loadConfig,
  type Profile,
  type ProfileResult,
  type Profiles,
} from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { absent, errorOf } from '../load.ts';

/** A gateway with one upstream: its names, units and defaults differ from ours. */
const gateway: Profile = {
  variables: z.object({
    OLD_KEY: z.string().optional(),
    OLD_TIMEOUT_SECONDS: z.string().regex(/^\d+$/, 'must be whole seconds').optional(),
    OLD_PROVIDER_KEY: z.string('is missing; it must be the key of the provider'),
    OLD_MIN_DELAY_MS: z.string().optional(),
    OLD_TERMS: z.literal('accepted', 'must be accepted'),
  }),
  secretVariables: ['OLD_KEY', 'OLD_PROVIDER_KEY'],
  foreignVariables: ({ DATABASE_URL }) => (DATABASE_URL === 'old.db' ? ['DATABASE_URL'] : []),
  toSettings(env, { home, read }): ProfileResult {
    const login = read(`${home}/.old/login.json`);
    if (login === 'damaged') return { problems: [{ path: `${home}/.old/login.json`, message: 'is damaged' }] };
    const { OLD_KEY: key, OLD_TIMEOUT_SECONDS: seconds, OLD_MIN_DELAY_MS: delay } = env;
    return {
      settings: {
        keys: key === undefined ? [] : [{ name: 'old', key }],
        upstreams: [
          {
            id: 'old',
            type: 'openai',
            base_url: 'http://old.example/v1',
            credentials: [{ id: 'a', api_key: env['OLD_PROVIDER_KEY'] }],
          },
        ],
        models: [{ id: '*', targets: [{ upstream: 'old' }] }],
        timeouts: { total_ms: seconds === undefined ? undefined : Number(seconds) * 1000 },
        retry: { base_delay_ms: delay === undefined ? undefined : Number(delay) },
      },
      warnings: login === undefined ? [] : ['OLD_MODE has no effect'],
      names: {
        settings: { 'timeouts.total_ms': 'OLD_TIMEOUT_SECONDS', 'retry.base_delay_ms': 'OLD_MIN_DELAY_MS' },
        clientKey: 'OLD_KEY',
      },
    };
  },
};

const profiles: Profiles = {
  byName: { 'old-gateway': gateway },
  findStrays: (env) => Object.keys(env).flatMap((name) => (name.startsWith('OLD_') ? [`${name} is not read`] : [])),
};

const given = {
  SLUICE_COMPAT: 'old-gateway',
  OLD_KEY: 'sk-old-key-0001',
  OLD_PROVIDER_KEY: 'canary-provider',
  OLD_TERMS: 'accepted',
};

const source = (env: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}): ConfigSource => ({
  env: { HOME: '/home/me', ...env },
  cwd: '/srv',
  profiles,
  readFile: (path) => files[path] ?? absent(),
});
const problemsOf = (...args: Parameters<typeof source>): string[] =>
  errorOf(() => loadConfig(source(...args))).problems.map(({ path, message }) => `${path}: ${message}`);

describe('a profile', () => {
  it('replaces the file: its variables become settings, with our defaults for the others', () => {
    const { keys, upstreams, timeouts, limits } = loadConfig(source({ ...given, OLD_TIMEOUT_SECONDS: '20' }));
    expect(keys.map(({ name, hint }) => [name, hint])).toEqual([['old', 'sk-o…0001']]);
    expect(upstreams[0]?.credentials[0]?.apiKey?.reveal()).toBe('canary-provider');
    expect([timeouts.totalMs, timeouts.streamTotalMs, timeouts.idleMs]).toEqual([20_000, 20_000, 60_000]);
    expect(limits.maxConcurrentRequests).toBe(1000);
  });

  it('may leave a setting undefined, which then has its default', () => {
    expect(loadConfig(source(given)).timeouts.totalMs).toBe(600_000);
    expect(loadConfig(source(given)).retry.baseDelayMs).toBe(100);
  });

  it('is refused beside a file', () => {
    expect(problemsOf(given, { '/srv/sluice.yaml': 'server: { port: 1 }' })).toEqual([
      'SLUICE_COMPAT: replaces the configuration file; remove one of the two',
    ]);
  });

  it('must be one that the program has', () => {
    expect(problemsOf({ SLUICE_COMPAT: 'older-gateway' })).toEqual(['SLUICE_COMPAT: must be one of old-gateway']);
  });

  it('has its own variables checked', () => {
    const { OLD_PROVIDER_KEY: _missing, ...rest } = given;
    expect(problemsOf({ ...rest, OLD_TIMEOUT_SECONDS: '5s' })).toEqual([
      'OLD_TIMEOUT_SECONDS: must be whole seconds',
      'OLD_PROVIDER_KEY: is missing; it must be the key of the provider',
    ]);
  });

  it('has problems with settings reported under the names of its variables', () => {
    expect(problemsOf({ ...given, OLD_TIMEOUT_SECONDS: '9999999', OLD_MIN_DELAY_MS: '20000' })).toEqual([
      'OLD_MIN_DELAY_MS: must not be above max_delay_ms, which is 10000',
      'OLD_TIMEOUT_SECONDS: must be a whole number of milliseconds from 1 to 2147483647',
    ]);
  });

  it('needs a client key, and names the variable for it', () => {
    const { OLD_KEY: _missing, ...rest } = given;
    expect(problemsOf(rest)).toEqual([
      'OLD_KEY: is missing, so that no client can call; set it or SLUICE_API_KEYS, or allow clients without a key with ALLOW_ANONYMOUS_ACCESS=true',
    ]);
    expect(loadConfig(source({ ...rest, SLUICE_API_KEYS: 'sk-new-key-0001' })).keys).toHaveLength(1);
    expect(loadConfig({ ...source(rest), isKeyRequired: false }).keys).toEqual([]);
  });

  it('must not have a key that is also in the environment', () => {
    expect(problemsOf({ ...given, SLUICE_API_KEYS: given.OLD_KEY })).toEqual([
      'SLUICE_API_KEYS[0]: is the same key as OLD_KEY; remove one of them',
    ]);
  });

  it('may read files of the machine, and report their problems', () => {
    expect(loadConfig(source(given, { '/home/me/.old/login.json': '{}' })).warnings).toEqual([
      'OLD_MODE has no effect',
    ]);
    expect(problemsOf(given, { '/home/me/.old/login.json': 'damaged' })).toEqual([
      '/home/me/.old/login.json: is damaged',
    ]);
  });

  it('warns about a secret of its own that is set but empty', () => {
    const { warnings } = loadConfig(source({ ...given, OLD_KEY: '', SLUICE_API_KEYS: 'sk-new-key-0001' }));
    expect(warnings).toEqual(['OLD_KEY is set but empty, which counts as not set']);
  });
});

describe("a variable of Sluice that is meant for the profile's program", () => {
  it('is not read', () => {
    expect(loadConfig(source({ ...given, DATABASE_URL: 'old.db' })).database).toBeUndefined();
  });

  it('is read with any other value', () => {
    const env = { ...given, DATABASE_URL: 'other.db' };
    expect(errorOf(() => loadConfig(source(env))).problems).toMatchObject([{ path: 'DATABASE_URL' }]);
  });
});

describe('variables of a profile that is not chosen', () => {
  const strays = { SLUICE_API_KEYS: 'sk-new-key-0001', OLD_KEY: 'sk-old-key-0001', OLD_MODE: '' };

  it('cause a warning if there is no file either', () => {
    expect(loadConfig(source(strays)).warnings).toEqual(['OLD_KEY is not read']);
  });

  it('are passed over if there is a file', () => {
    expect(loadConfig(source(strays, { '/srv/sluice.yaml': '{}' })).warnings).toEqual([]);
  });
});

describe('the list of settings under a profile', () => {
  const originOf = (path: string, env: Readonly<Record<string, string>>, dotenvNames: readonly string[] = []) =>
    listSettings({ ...source(env), dotenvNames }).settings.find((each) => each.path === path);

  it('names the variables that decide on a setting', () => {
    const env = { ...given, OLD_TIMEOUT_SECONDS: '20' };
    expect(originOf('timeouts.total_ms', env, ['OLD_TIMEOUT_SECONDS'])).toMatchObject({
      value: '20000',
      origin: {
        kind: 'profile',
        profile: 'old-gateway',
        variables: [{ name: 'OLD_TIMEOUT_SECONDS', isFromDotenv: true }],
      },
    });
  });

  it('names a variable without which the profile is refused', () => {
    expect(originOf('upstreams[0].credentials[0].api_key', given)).toMatchObject({
      value: '[secret]',
      isSecret: true,
      origin: { kind: 'profile', variables: [{ name: 'OLD_PROVIDER_KEY', isFromDotenv: false }] },
    });
  });

  it('names no variable for a setting that is always the same, and the default for others', () => {
    expect(originOf('upstreams[0].base_url', given)?.origin).toEqual({
      kind: 'profile',
      profile: 'old-gateway',
      variables: [],
    });
    expect(originOf('server.port', given)?.origin).toEqual({ kind: 'default' });
  });

  it('names no variable that may have one value only', () => {
    const { settings } = listSettings(source(given));
    const named = settings.flatMap(({ origin }) =>
      'variables' in origin ? origin.variables.map(({ name }) => name) : [],
    );
    expect(new Set(named)).toEqual(new Set(['OLD_KEY', 'OLD_PROVIDER_KEY']));
  });

  it('has no file', () => {
    expect(listSettings(source(given))).toMatchObject({ file: undefined, profile: 'old-gateway' });
  });
});
