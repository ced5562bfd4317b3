import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { load, problemsOf } from '../load.ts';

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
        budgets: {},
        tags: [],
        allowedAddresses: [],
        logBodies: false,
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
      budgets: {},
      tags: [],
      allowedAddresses: [],
      logBodies: false,
    });
  });

  it('have budgets in exact micro-dollars', () => {
    const [known] = load(
      `keys: [{ key: ${key}, budgets: { day_usd: 0.1, month_usd: 19.999999, total_usd: 1000000000 } }]`,
      {},
    ).keys;
    expect(known?.budgets).toEqual({ day: 100_000, month: 19_999_999, total: 1_000_000_000_000_000 });
  });

  it.each([
    ['budgets: { day_usd: 0.0000001 }', 'keys[0].budgets.day_usd: must be an amount in US dollars'],
    ['budgets: { day_usd: -1 }', 'keys[0].budgets.day_usd: must be an amount in US dollars'],
    ['allowed_addresses: [10.0.0.0/33]', 'keys[0].allowed_addresses[0]: must be an IP address or a network'],
    ['allowed_addresses: [fe80::1%eth0]', 'keys[0].allowed_addresses[0]: must be an IP address or a network'],
    ['expires_at: 2027-01-31T00:00', 'keys[0].expires_at: must be a date'],
    ['expires_at: 2027-13-31', 'keys[0].expires_at: must be a date'],
    ['team: blue', 'keys[0].team: must be the id of a team; there are no teams'],
    ['tags: [""]', 'keys[0].tags[0]: is empty'],
  ])('are refused with %s', (setting, message) => {
    expect(problemsOf(`keys: [{ key: ${key}, ${setting} }]`, {})).toEqual([expect.stringContaining(message)]);
  });

  it('have the other settings of the file', () => {
    const [known] = load(
      `
keys:
  - key: ${key}
    owner: Ada
    tags: [batch, "cost centre 7"]
    team: blue
    expires_at: 2027-01-31T12:00:00+02:00
    allowed_addresses: [192.0.2.7, "2001:db8::/32"]
    log_bodies: true
teams:
  - { id: blue, budgets: { month_usd: 50 }, limits: { rpm: 5 } }
`,
      {},
    ).keys;
    expect(known).toMatchObject({
      owner: 'Ada',
      tags: ['batch', 'cost centre 7'],
      team: 'blue',
      expiresAt: Date.UTC(2027, 0, 31, 10),
      allowedAddresses: ['192.0.2.7', '2001:db8::/32'],
      logBodies: true,
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

describe('teams', () => {
  it('have limits and budgets as keys do, and their id as name', () => {
    const { teams } = load('teams: [{ id: blue, limits: { rpm: 5 }, budgets: { month_usd: 50 } }]');
    expect(teams).toEqual([
      { id: 'blue', name: 'blue', models: ['*'], limits: { rpm: 5 }, budgets: { month: 50_000_000 } },
    ]);
  });

  it('have different ids', () => {
    expect(problemsOf('teams: [{ id: blue }, { id: blue }]')).toEqual([
      'teams[1].id: is the id of teams[0] too; give each team its own',
    ]);
  });
});
