import { guessProfile } from '@sluice/config';
import { expect, it } from 'vitest';

it.each<[env: Readonly<Record<string, string>>, profile: string | undefined]>([
  [{}, undefined],
  [{ API_KEY: 'x' }, undefined],
  [{ PORT: '8080', LOG_LEVEL: 'info', DATABASE_URL: 'x', API_KEY: 'x' }, undefined],
  [{ ALIYUN_APP_ID: 'a', ALIYUN_API_KEY: 'b', REQUEST_TIMEOUT: '1' }, 'bailian-proxy'],
  [{ DEFAULT_KEY: 'a', UPSTREAM_TOKEN: 'b', THINK_TAGS_MODE: 'raw' }, 'z2api'],
  [{ TYPE: 'openai', API_KEY: 'a', BASE_URL: 'b', ACTUAL_NAME: 'c' }, 'unified-proxy'],
  [{ ALIYUN_APP_ID: 'a', ALIYUN_API_KEY: 'b', SLUICE_COMPAT: 'bailian-proxy' }, undefined],
])('%o are the variables of %s', (env, profile) => {
  expect(guessProfile(env)?.profile).toBe(profile);
});
