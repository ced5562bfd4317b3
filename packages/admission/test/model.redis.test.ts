import type { AdmissionRequest } from '@sluice/admission';
import type { RedisConnection } from '@sluice/redis';
import { redisTest } from '@sluice/testkit';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { createLostSettler } from '../src/lost-settler.ts';
import { createScripts } from '../src/scripts.ts';
import { createAdmissionModel, type ModelKey, type ModelMoney } from './admission-model.ts';
import { advance, setUp } from './scene.ts';

const team = { id: 't', concurrency: 4, budget: 150 };
const clients = [
  { id: 'k0', concurrency: 3, weight: 1 },
  { id: 'k1', concurrency: undefined, weight: 1 },
  { id: 'k2', concurrency: undefined, weight: 2, accounting: { budget: 100, team } },
  { id: 'k3', concurrency: 3, weight: 1, accounting: { budget: undefined, team } },
  { id: 'k4', concurrency: undefined, weight: 1, accounting: { budget: undefined, team: undefined } },
] as const satisfies readonly (ModelKey & { readonly weight: number })[];
type Client = ModelKey & { readonly weight: number };

const limits = { fleet: 3, queueSize: 4, leaseMs: 1_000_000, share: 2 };
const fleet = {
  maxConcurrentRequests: limits.fleet,
  queueSize: limits.queueSize,
  leaseMs: limits.leaseMs,
  defaultKeyConcurrency: limits.share,
};

/** Money of a request: every third one is not bounded by anything. */
const moneyOf = (id: number): ModelMoney =>
  id % 3 === 2
    ? { micros: 1000, isBounded: false, microsIfLost: 7 }
    : { micros: 20 + 15 * id, isBounded: true, microsIfLost: 20 + 15 * id };

function requestOf(id: number, { id: keyId, concurrency, weight, accounting }: Client): AdmissionRequest {
  const requestId = `r${id}-${keyId}`;
  const { budget, team: ofTeam } = accounting ?? {};
  return {
    requestId,
    keyId,
    limits: concurrency === undefined ? {} : { concurrency },
    tokens: 10 * 4 ** (id % 3),
    weight,
    accounting: accounting && {
      openEntry: JSON.stringify({ id: requestId }),
      promptTokens: 3,
      budgets: budget === undefined ? undefined : { total: budget },
      team: ofTeam && { id: ofTeam.id, limits: { concurrency: ofTeam.concurrency }, budgets: { total: ofTeam.budget } },
      money: moneyOf(id),
    },
  };
}

const some = { id: fc.nat(5), client: fc.constantFrom<Client>(...clients) };
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('acquire' as const), ...some }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      ended: fc.array(
        fc.record({
          ...some,
          correction: fc.constantFrom(-20, 0, 50),
          hasWaited: fc.boolean(),
          costPart: fc.constantFrom(0, 0.5, 1),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  fc.record({ do: fc.constant('renew' as const), ...some }),
  fc.record({ do: fc.constant('settle' as const) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(400_000, 700_000) }),
);

/** Returns the sorted pairs of a zset as an object. */
async function scoresOf(connection: RedisConnection, name: string): Promise<Record<string, number>> {
  const flat = await connection.zrange(name, '0', '-1', 'WITHSCORES');
  const pairs = Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], Number(flat[2 * at + 1])]);
  return Object.fromEntries(pairs);
}

async function ledgerOf(connection: RedisConnection, name: string): Promise<string[]> {
  const entries = await connection.xrange(name, '-', '+');
  return entries.map(([, [, text = '']]) => {
    if (!text.startsWith('{')) return text;
    const { id, costMicros } = JSON.parse(text) as { id: string; costMicros: number };
    return `fleet ${id} ${costMicros}`;
  });
}

describe('the scripts', () => {
  redisTest(
    'agree with the model for every sequence of calls',
    async ({ redisUrl, keyPrefix }) => {
      const all = await setUp({ redisUrl, keyPrefix }, fleet);
      const { connection, keys } = all;
      // Not through `Admission`: it never renews or releases requests that it does not hold.
      const scripts = createScripts({ connection, keys, ingressId: 'i-1', fleet });
      const settler = createLostSettler({ connection, keys, isRecorded: true, pauseMs: 0 });
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
          const stored = await connection.keys(`${keyPrefix}:{adm}:*`);
          const old = stored.filter((name) => !name.includes(':mb:'));
          if (old.length > 0) await connection.del(...old);
          const model = createAdmissionModel(limits);
          for (const one of commands) {
            if (one.do === 'advance') {
              model.advance(one.ms);
              await advance(all, one.ms);
              continue;
            }
            if (one.do === 'acquire') {
              const request = requestOf(one.id, one.client);
              const reply = await scripts.acquire(request);
              const verdict = reply.verdict === 'refused' ? reply.reason : reply.verdict;
              const cost = request.tokens / one.client.weight;
              expect(verdict).toBe(model.acquire(request.requestId, one.client, cost, moneyOf(one.id)));
            } else if (one.do === 'release') {
              for (const isAccounted of [true, false]) {
                const ended = one.ended.filter(({ client }) => (client.accounting !== undefined) === isAccounted);
                if (ended.length === 0) continue;
                const ends = ended.map(({ id, client, correction: tokens, hasWaited, costPart }) => {
                  const request = requestOf(id, client);
                  const costMicros = Math.round(moneyOf(id).micros * costPart);
                  const settled = { costMicros, entry: `ingress ${request.requestId} ${costMicros}` };
                  return { request, client, correction: { requests: 0, tokens, hasWaited, settled } };
                });
                await scripts.release(ends);
                model.release(
                  ends.map(({ request, client, correction }) => {
                    const turn = (used: number): number => Math.max(used, 1) / client.weight;
                    const delta = turn(request.tokens + correction.tokens) - turn(request.tokens);
                    const { costMicros: cost } = correction.settled;
                    return { id: request.requestId, key: client, turnDelta: correction.hasWaited ? delta : 0, cost };
                  }),
                );
              }
            } else if (one.do === 'renew') {
              const request = requestOf(one.id, one.client);
              await scripts.renew([request]);
              model.renew(request.requestId, one.client);
            } else {
              await settler.settleAll();
              model.settleLost();
            }
            const now = Date.now();
            expect((await connection.zrangebyscore(keys.leases, now, '+inf')).toSorted()).toEqual(model.running);
            const vouched = await connection.zrangebyscore(keys.vouched, now, '+inf');
            const places = (await connection.zrange(keys.room, '0', '-1')).map((place) => place.split(' '));
            const inOrder = places.toSorted(([, a = ''], [, b = '']) => (a < b ? -1 : 1)).map(([, , waiter]) => waiter);
            expect(inOrder.filter((waiter) => vouched.includes(waiter ?? ''))).toEqual(model.waiting);
            expect(await scoresOf(connection, keys.turns)).toEqual(model.turns);
            expect((await connection.hkeys(keys.openEntries)).toSorted()).toEqual(model.open);
            for (const owner of ['k:k2', 't:t', 'k:k3']) {
              const [spent, reserved] = await connection.hmget(keys.spend(owner), 'total', 'reserved');
              expect({ spent: Number(spent), reserved: Number(reserved) }, owner).toEqual(model.spendOf(owner));
            }
            // Lost requests are settled in the order of the hash, which is Redis's own.
            expect((await ledgerOf(connection, keys.ledger)).toSorted()).toEqual(model.ledger.toSorted());
          }
        }),
        { numRuns: Number(process.env['ADMISSION_MODEL_RUNS'] ?? 150) },
      );
    },
    600_000,
  );
});
