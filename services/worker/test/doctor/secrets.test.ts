import { loadConfig } from '@sluice/config';
import { redactSecrets } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { secretsOf } from '../../src/doctor/secrets.ts';

const password = "canary @'word";
const encoded = encodeURIComponent(password);
const pair = `alice:${password}`;

/** Applies the doctor's filter for secrets with this configuration to a text. */
function redact(text: string, { yaml = '{}', env = {} }: { yaml?: string; env?: Record<string, string> }): string {
  const config = loadConfig({ env, cwd: '/srv', isKeyRequired: false, readFile: () => yaml });
  return redactSecrets(text, secretsOf(config, env));
}

describe('the texts that the doctor never prints', () => {
  const forms = [password, encoded, Buffer.from(pair).toString('base64')];
  const upstream = `upstreams: [{ id: one, type: openai, base_url: "http://h/v1", proxy: "http://alice:${encoded}@p:1" }]`;

  it.each([
    ['HTTP_PROXY', { env: { HTTP_PROXY: `http://alice:${encoded}@p:1` } }],
    ['HTTPS_PROXY without a scheme', { env: { HTTPS_PROXY: `alice:${encoded}@p:1` } }],
    ['https_proxy', { env: { https_proxy: `alice:${encoded}@p:1` } }],
    ['ALL_PROXY', { env: { ALL_PROXY: `https://alice:${encoded}@p:1` } }],
    ['an upstream', { yaml: `${upstream}\nmodels: [{ id: m, targets: [{ upstream: one }] }]` }],
  ])('include user and password of the proxy of %s', (_name, source) => {
    for (const form of forms) expect(redact(`before ${form} after`, source)).toBe('before [redacted] after');
  });

  it.each([
    ['DATABASE_URL', { env: { DATABASE_URL: `postgres://app:${encoded}@h/records` } }],
    ['REDIS_URL', { env: { REDIS_URL: `redis://:${encoded}@r:1` } }],
    ['redis.password', { yaml: JSON.stringify({ redis: { url: 'redis://r:1', password } }) }],
    [
      'redis.sentinel.password',
      { yaml: JSON.stringify({ redis: { sentinel: { name: 'main', nodes: ['a:1'], password } } }) },
    ],
  ])('include %s', (_name, source) => {
    for (const form of [password, encoded])
      expect(redact(`before ${form} after`, source)).toBe('before [redacted] after');
  });
});
