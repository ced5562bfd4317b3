import { profiles } from '@sluice/compat';
import { type EffectiveSetting, listSettings, type SettingsList } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { absent, anyKey } from './load.ts';

function list(env: Readonly<Record<string, string>>, dotenvNames: readonly string[] = []): SettingsList {
  return listSettings({ env, cwd: '/srv', dotenvNames, readFile: absent, profiles });
}

function setting({ settings }: SettingsList, path: string): EffectiveSetting | undefined {
  return settings.find((each) => each.path === path);
}

describe('the origin of a setting', () => {
  it('is the profile, with its variables that decide on the setting', () => {
    const env = {
      ...anyKey,
      SLUICE_COMPAT: 'z2api',
      DEFAULT_KEY: 'canary-default-key',
      UPSTREAM_TOKEN: 'canary-token',
      ANON_TOKEN_ENABLED: 'false',
      MAX_RETRIES: '2',
      DEBUG_MODE: 'true',
    };
    const found = list(env, ['DEBUG_MODE']);
    expect(found.profile).toBe('z2api');
    const variablesOf = (path: string): unknown => {
      const origin = setting(found, path)?.origin;
      return origin?.kind === 'profile' ? origin.variables : origin;
    };
    expect(variablesOf('server.pause_at_bytes')).toEqual([]);
    expect(variablesOf('retry.max_attempts')).toEqual([{ name: 'MAX_RETRIES', isFromDotenv: false }]);
    expect(variablesOf('keys[0].key')).toEqual([{ name: 'DEFAULT_KEY', isFromDotenv: false }]);
    expect(variablesOf('log.level')).toEqual([{ name: 'DEBUG_MODE', isFromDotenv: true }]);
    expect(variablesOf('queue.shards')).toEqual({ kind: 'default' });
  });

  it('is a variable of the profile also if the profile requires it', () => {
    const found = list({
      ...anyKey,
      SLUICE_COMPAT: 'bailian-proxy',
      ALIYUN_APP_ID: 'app-1',
      ALIYUN_API_KEY: 'canary-aliyun',
    });
    expect(setting(found, 'upstreams[0].options.app_id')).toMatchObject({
      value: 'app-1',
      origin: { kind: 'profile', profile: 'bailian-proxy', variables: [{ name: 'ALIYUN_APP_ID' }] },
    });
    expect(setting(found, 'upstreams[0].credentials[0].api_key')?.origin).toMatchObject({
      variables: [{ name: 'ALIYUN_API_KEY' }],
    });
  });
});

it('the list shows no secret of a profile', () => {
  const { settings } = list({
    SLUICE_COMPAT: 'unified-proxy',
    API_KEY: 'canary-api-key',
    BASE_URL: 'https://x.example/v1',
    SLUICE_API_KEYS: 'canary-client-key',
  });
  expect(JSON.stringify(settings)).not.toMatch(/canary/);
  expect(settings.filter(({ isSecret }) => isSecret)).toHaveLength(2);
});
