import { redisTest } from '@sluice/testkit';
import { describe, expect } from 'vitest';
import { setUp } from './scene.ts';
import { fairnessOf, type KeyResult, type SimulatedClient, simulate } from './simulation.ts';

const usual = { weight: 1, tokens: 300, serviceMs: 500 };
const singles: readonly SimulatedClient[] = Array.from({ length: 20 }, (_, at) => ({ ...usual, keyId: `s${at}` }));
const crowd: readonly SimulatedClient[] = Array.from({ length: 50 }, () => ({ ...usual, keyId: 'crowd' }));
const minute = 60_000;

const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each, 0) / Math.max(1, numbers.length);
const waitOfSingles = (results: ReadonlyMap<string, KeyResult>): number =>
  meanOf([...results].flatMap(([keyId, { waitsMs }]) => (keyId === 'crowd' ? [] : waitsMs)));

describe('one key with 50 clients beside 20 keys with one each', () => {
  const fleets = [
    { ingresses: 1, leases: 10 },
    { ingresses: 4, leases: 10 },
    { ingresses: 1, leases: 15 },
    { ingresses: 4, leases: 5 },
  ];
  for (const { ingresses, leases } of fleets)
    redisTest(
      `gets only its share over ${ingresses} ingresses that run ${leases} requests`,
      async ({ redisUrl, keyPrefix }) => {
        const fleet = {
          maxConcurrentRequests: leases,
          queueSize: 500,
          leaseMs: 1_000_000,
          defaultKeyConcurrency: Math.ceil(leases / 2),
        };
        const run = async (clients: readonly SimulatedClient[], name: string) => {
          const { connection, keys } = await setUp({ redisUrl, keyPrefix: `${keyPrefix}-${name}` }, fleet);
          return simulate({ connection, keys, fleet, ingresses, clients, durationMs: minute });
        };
        const alone = await run(singles, 'alone');
        const together = await run([...singles, ...crowd], 'together');
        const shares = [...together.values()].map(({ tokens }) => tokens);
        const figures = {
          jain: fairnessOf(shares),
          crowd: together.get('crowd')?.tokens,
          mean: meanOf(shares),
          aloneMs: waitOfSingles(alone),
          togetherMs: waitOfSingles(together),
        };
        expect(figures.jain, JSON.stringify(figures)).toBeGreaterThanOrEqual(0.95);
        expect(figures.togetherMs, JSON.stringify(figures)).toBeLessThanOrEqual(2 * figures.aloneMs);
        expect([...together.values()].reduce((sum, { refusals }) => sum + refusals, 0)).toBe(0);
      },
      60_000,
    );

  redisTest(
    'keeps its share when its requests are six times as large, and when it has more weight',
    async ({ redisUrl, keyPrefix }) => {
      const fleet = { maxConcurrentRequests: 8, queueSize: 500, leaseMs: 1_000_000 };
      const { connection, keys } = await setUp({ redisUrl, keyPrefix }, fleet);
      const large = crowd.map((client) => ({ ...client, tokens: 1800, weight: 3 }));
      const clients = [...singles, ...large];
      const results = await simulate({ connection, keys, fleet, ingresses: 1, clients, durationMs: 2 * minute });
      const shares = [...results.values()].map(({ tokens }) => tokens);
      expect(fairnessOf(shares), shares.join(' ')).toBeGreaterThanOrEqual(0.95);
    },
    60_000,
  );

  redisTest(
    'leaves a waiter to each other key in a small waiting room',
    async ({ redisUrl, keyPrefix }) => {
      const fleet = { maxConcurrentRequests: 10, queueSize: 25, leaseMs: 1_000_000, defaultKeyConcurrency: 5 };
      const { connection, keys } = await setUp({ redisUrl, keyPrefix }, fleet);
      const clients = [...crowd, ...singles];
      const results = await simulate({ connection, keys, fleet, ingresses: 4, clients, durationMs: minute });
      const refusals = [...results].filter(([keyId, { refusals: count }]) => keyId !== 'crowd' && count > 0);
      expect(refusals).toEqual([]);
      expect(results.get('crowd')?.refusals).toBeGreaterThan(0);
      expect(fairnessOf([...results.values()].map(({ tokens }) => tokens))).toBeGreaterThanOrEqual(0.95);
    },
    60_000,
  );
});
