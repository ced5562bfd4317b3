import { profiles } from '@sluice/compat';
import { exampleSecrets, loadConfig } from '@sluice/config';
import { exampleSpellings } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { absent, load, problemsOf } from './load.ts';

const profile =
  (name: string, variable: string, beside: Readonly<Record<string, string>> = {}) =>
  (secret: string): unknown =>
    load({ SLUICE_API_KEYS: 'sk-test-real-0001', SLUICE_COMPAT: name, ...beside, [variable]: secret });

describe('a secret of the documentation', () => {
  const doors: readonly (readonly [door: string, load: (secret: string) => unknown, path: string])[] = [
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
          profiles,
        }),
      '~/.iflow/settings.json, apiKey',
    ],
  ];
  const secrets = [...exampleSecrets, ...exampleSpellings];

  it.each(doors)('is refused by %s with one problem', (_door, open, path) => {
    for (const secret of secrets) {
      expect(
        problemsOf(() => open(secret)),
        secret,
      ).toEqual([`${path}: is an example from the documentation; replace it by your own`]);
    }
  });
});
