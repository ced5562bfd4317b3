import { loadConfig } from '@sluice/config';
import type { CooldownEntry, UpstreamHealth } from '@sluice/upstream-health';
import { describe, expect, it } from 'vitest';
import { watchUpstreams } from '../../src/targets/watch-upstreams.ts';

const yaml = `
keys: [{ name: k, key: sk-0123456789abcdef0123456789 }]
upstreams:
  - { id: u, type: openai, base_url: 'http://u.example/v1', credentials: [{ id: a, api_key: x }, { id: b, api_key: y }] }
  - { id: v, type: openai, base_url: 'http://v.example/v1' }
models:
  - { id: m, targets: [{ upstream: u, model: big }, { upstream: v }] }
  - { id: n, targets: [{ upstream: v, model: small }] }
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

/** Asks the gauges about a fleet with these cooldowns at `u`, in which the circuit of `u/big` is open. */
function watch(cooldowns: readonly CooldownEntry[]) {
  const never = () => Promise.reject(new Error('a gauge changes nothing'));
  const health: UpstreamHealth = {
    choose: never,
    coolDown: never,
    failed: never,
    recovered: never,
    abandoned: never,
    circuit: never,
    closeCircuit: never,
    lift: never,
    cooldowns: (upstreamId) => Promise.resolve(upstreamId === 'u' ? [...cooldowns] : []),
    isOpen: ({ model }) => Promise.resolve(model === 'big'),
  };
  return watchUpstreams(config, health);
}

describe('the gauges of the upstreams', () => {
  it.each<[string, readonly CooldownEntry[], { ready: number; cooling: number }]>([
    ['none', [], { ready: 2, cooling: 0 }],
    ['one of two', [entry('a')], { ready: 1, cooling: 1 }],
    ['one, for two models', [entry('a', 'big'), entry('a', 'small')], { ready: 1, cooling: 1 }],
    ['one that is no longer configured', [entry('gone')], { ready: 2, cooling: 0 }],
  ])('count the credentials in cooldown: %s', async (_which, cooldowns, counts) => {
    const found = await watch(cooldowns).credentials?.();
    expect(found?.find(({ upstream }) => upstream === 'u')).toEqual({ upstream: 'u', ...counts });
  });

  it('show the circuit of every target with a fixed model', async () => {
    expect(await watch([]).circuits?.()).toEqual([
      { target: 'u/big', isOpen: true },
      { target: 'v/small', isOpen: false },
    ]);
  });
});
