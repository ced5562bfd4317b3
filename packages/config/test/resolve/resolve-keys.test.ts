import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { load } from '../load.ts';

const key = 'sk-team-a-0001';
const digest = createHash('sha256').update(key).digest('hex');

describe('client keys', () => {
  it('are kept as hash and hint', () => {
    const config = load(
      `keys: [{ name: team-a, key: ${key}, admin: true, models: ["gpt-*"], thinking: strip, limits: { concurrency: 1, rpm: 2, rpm_burst: 3, tpm: 4, tpm_burst: 5 }, weight: 2.5 }]`,
      {},
    );
    expect(JSON.stringify(config)).not.toContain(key);
    expect(config.keys).toEqual([
      {
        id: digest.slice(0, 16),
        name: 'team-a',
        digest,
        hint: 'sk-t…0001',
        admin: true,
        models: ['gpt-*'],
        limits: { concurrency: 1, rpm: 2, rpmBurst: 3, tpm: 4, tpmBurst: 5 },
        weight: 2.5,
        thinking: 'strip',
      },
    ]);
  });

  it.each([digest, `sha256:${digest}`, digest.toUpperCase()])('are the same if configured as %s', (hash) => {
    const [known] = load(`keys: [{ name: team-a, key_hash: "${hash}" }]`, {}).keys;
    expect(known).toEqual({
      id: digest.slice(0, 16),
      name: 'team-a',
      digest,
      hint: undefined,
      admin: false,
      models: ['*'],
      limits: {},
      weight: 1,
    });
  });

  it('of the environment follow those of the file', () => {
    const config = load(`keys: [{ key: ${key} }]`, { SLUICE_API_KEYS: 'sk-first-0001, sk-second-0002' });
    expect(config.keys.map(({ name, hint }) => [name, hint])).toEqual([
      ['key-1', 'sk-t…0001'],
      ['env-1', 'sk-f…0001'],
      ['env-2', 'sk-s…0002'],
    ]);
    expect(config.keys[1]).toMatchObject({ admin: false, models: ['*'] });
    expect(config.keys[1]?.limits).toEqual({});
  });

  it('have no hint if they are short', () => {
    expect(load('keys: [{ key: 8letters }]', {}).keys[0]?.hint).toBe('…');
  });

  it('may share a name, so that one can replace another', () => {
    const { keys } = load('keys: [{ name: a, key: sk-old-0001 }, { name: a, key: sk-new-0001 }]', {});
    expect(keys.map(({ name }) => name)).toEqual(['a', 'a']);
  });

  it.each([
    ['keys: [{ key: sk-team-a-0001 }]', undefined, 1000],
    ['keys: [{ key: sk-team-a-0001 }, { key: sk-team-b-0001 }]', undefined, 500],
    ['keys: [{ key: sk-team-a-0001 }]', 'sk-from-env-0001', 500],
    [
      'keys: [{ key: sk-team-a-0001 }, { anonymous: without_key }]\nlimits: { max_concurrent_requests: 5 }',
      undefined,
      3,
    ],
    ['keys: [{ key: sk-team-a-0001 }]\nlimits: { default_key_concurrency: 7 }', undefined, 7],
    [
      'keys: [{ key: sk-team-a-0001 }]\nlimits: { max_concurrent_requests: 5, default_key_concurrency: 7 }',
      undefined,
      5,
    ],
  ])('without their own concurrency get a share of the leases: %j', (yaml, variable, share) => {
    const { limits } = load(yaml, variable === undefined ? {} : { SLUICE_API_KEYS: variable });
    expect(limits.defaultKeyConcurrency).toBe(share);
  });
});
