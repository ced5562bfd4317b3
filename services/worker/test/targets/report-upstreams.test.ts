import { loadConfig } from '@sluice/config';
import type { CooldownEntry } from '@sluice/upstream-health';
import { describe, expect, it } from 'vitest';
import { reportUpstreams } from '../../src/targets/report-upstreams.ts';

const yaml = `
keys: [{ name: k, key: sk-0123456789abcdef0123456789 }]
upstreams:
  - { id: u, type: openai, base_url: 'http://u.example/v1', credentials: [{ id: a, api_key: x }, { id: b, api_key: y }] }
  - { id: v, type: openai, base_url: 'http://v.example/v1' }
models:
  - { id: m, targets: [{ upstream: u, model: big }, { upstream: v }] }
  - { id: n, targets: [{ upstream: u, model: small }, { upstream: u, model: big }] }
`;
const env = { SLUICE_CONFIG: '/sluice.yaml', SLUICE_REDIS_URL: 'redis://127.0.0.1' };
const config = loadConfig({ env, cwd: '/', readFile: () => yaml });
const entry = (credentialId: string, model?: string): CooldownEntry => ({
  credentialId,
  model,
  remainingMs: 1000,
  isRefused: false,
  reason: 'rate_limit',
});

/** Reports on a fleet with these cooldowns at `u`, in which the circuit of `u/big` is open. */
const reportOf = (cooldowns: readonly CooldownEntry[]) =>
  reportUpstreams({
    config,
    health: {
      cooldowns: (id) => Promise.resolve(id === 'u' ? [...cooldowns] : []),
      circuit: ({ model }) => Promise.resolve({ isOpen: model === 'big', failures: 3, cause: '503' }),
    },
    now: () => 50_000,
  });

describe('the report on the upstreams', () => {
  it('has credentials in cooldown and open circuits', async () => {
    const cooldown = { credential: 'a', endsAt: 51_000, isRefused: false, reason: 'rate_limit' };
    expect(await reportOf([entry('a'), entry('a', 'big'), entry('gone')])).toEqual([
      {
        id: 'u',
        ready: 1,
        cooling: 1,
        cooldowns: [cooldown, { ...cooldown, model: 'big' }],
        openCircuits: [{ model: 'big', failures: 3, cause: '503' }],
      },
      expect.objectContaining({ id: 'v', cooling: 0, cooldowns: [], openCircuits: [] }),
    ]);
  });

  it('has at most 50 cooldowns of an upstream', async () => {
    const many = Array.from({ length: 80 }, (_, at) => entry('a', `m${at}`));
    const [first] = await reportOf(many);
    expect([first?.cooldowns.length, first?.cooling]).toEqual([50, 1]);
  });
});
