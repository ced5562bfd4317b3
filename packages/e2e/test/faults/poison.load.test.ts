import { setInterval } from 'node:timers/promises';
import { afterFile, startRedis } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from '../sluice.ts';
import { post } from '../traffic.ts';
import { type FleetHealth, healthOf } from './health-of.ts';
import { type RawAnswer, type RawProvider, startRawProvider, tokensAnswer } from './raw-provider.ts';
import { type Asked, type Scene, startScene } from './scene.ts';

/** The key of a client whose requests the provider refuses. */
const poisonersKey = 'sk-test-poisoner-0001';
const forMs = 10_000;
const openMs = 1000;

interface Poison {
  readonly what: string;
  /** Part of the names of its upstreams and models. */
  readonly name: string;
  /** Requests at once, each second. */
  readonly atOnce: number;
  /** Uses another model of the same upstream than the neighbour does. */
  readonly isElsewhere?: boolean;
  readonly answer: RawAnswer;
}

const error = (status: number, fields: object, headers: Readonly<Record<string, string>> = {}): RawAnswer => ({
  status,
  headers,
  body: JSON.stringify({ error: fields }),
});

const poisons: readonly Poison[] = [
  { what: 'a 403 without a reason', name: 'forbidden', atOnce: 1, answer: error(403, { message: 'Forbidden' }) },
  {
    what: 'a 403 about content',
    name: 'flagged',
    atOnce: 1,
    answer: error(403, {
      code: 403,
      message: 'Your chosen model requires moderation and your input was flagged',
      metadata: { reasons: ['violence'], flagged_input: 'poison' },
    }),
  },
  {
    what: 'five times a 500 at once',
    name: 'failing',
    atOnce: 5,
    answer: error(500, { message: 'Internal server error', type: 'server_error' }),
  },
  { what: 'five answers at once that are not JSON', name: 'garbled', atOnce: 5, answer: { body: 'This is not JSON.' } },
  {
    what: 'a 402 for another model, which costs more than the balance',
    name: 'broke',
    atOnce: 1,
    isElsewhere: true,
    answer: error(402, { code: 402, message: 'This request requires more credits, or fewer max_tokens.' }),
  },
  {
    what: 'a 429 for another model',
    name: 'limited',
    atOnce: 1,
    isElsewhere: true,
    answer: error(
      429,
      { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' },
      {
        'retry-after': '30',
      },
    ),
  },
];

/** Each poison has its own upstreams: one with one credential and one with two. */
const upstreamsOf = ({ name }: Poison): string[] => [`${name}1`, `${name}2`];

let scene: Scene;
let fleet: FleetHealth;
let provider: RawProvider;
beforeAll(async () => {
  const redis = await startRedis();
  afterFile(() => redis.stop());
  provider = await startRawProvider((call) => {
    const poison = poisons.find(({ name }) => call.model.startsWith(name));
    return poison !== undefined && call.body.includes('poison') ? poison.answer : tokensAnswer(call);
  });
  const ids = poisons.flatMap(upstreamsOf);
  scene = await startScene({
    redisUrl: redis.url,
    ingresses: 1,
    workers: 2,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'neighbour', key: apiKey },
        { name: 'poisoner', key: poisonersKey },
      ],
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-sim-a' }] },
        ...ids.map((id) => ({
          id,
          type: 'openai',
          base_url: `${provider.url}/v1`,
          credentials: (id.endsWith('1') ? ['a'] : ['a', 'b']).map((credential) => ({
            id: credential,
            api_key: `tok-${id}-${credential}`,
          })),
        })),
      ],
      models: [
        ...ids.map((id) => ({ id: `${id}-*`, targets: [{ upstream: id }] })),
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
      timeouts: { total_ms: 20_000 },
      circuit: { open_ms: openMs },
    }),
  });
  fleet = await healthOf(redis.url);
});

const innocentModel = (id: string): string => `${id}-t5`;

/** Requests the provider's poisoned answer each second, streamed and whole in turns. Returns the statuses. */
async function poisonWith({ atOnce, isElsewhere = false }: Poison, id: string): Promise<number[]> {
  const model = isElsewhere ? `${id}-other` : innocentModel(id);
  const asked: Promise<number>[] = [];
  const beganAt = performance.now();
  const askAll = (): void => {
    for (let at = 0; at < atOnce; at++) {
      const fields = { stream: asked.length % 2 === 0 };
      const answer = post(scene, { model, content: 'poison', key: poisonersKey, fields });
      asked.push(answer.then(async ({ status, body }) => (await body?.cancel(), status)));
    }
  };
  askAll();
  for await (const _ of setInterval(1000)) {
    if (performance.now() - beganAt >= forMs) break;
    askAll();
  }
  return await Promise.all(asked);
}

describe("F48 a neighbour's poison", () => {
  it.each(poisons)(
    '$what: no other client fails, and no credential is in cooldown for them',
    async (poison) => {
      await Promise.all(
        upstreamsOf(poison).map(async (id) => {
          const served: Asked[] = [];
          let isOver = false;
          async function askAll(): Promise<void> {
            while (!isOver) {
              const asked = scene.ask({ model: id, tokens: 5, stream: served.length % 2 === 0 });
              served.push(asked);
              await asked.over;
            }
          }
          const innocent = askAll();
          const statuses = await poisonWith(poison, id);
          isOver = true;
          await innocent;
          // The poison had its intended effect.
          expect(statuses.length).toBeGreaterThanOrEqual(9 * poison.atOnce);
          expect(statuses.filter((status) => status < 400)).toEqual([]);
          const failed = served.filter(({ outcome }) => outcome !== 'complete');
          expect(failed.map(({ outcome, status, code }) => [id, outcome, status, code])).toEqual([]);
          // The other clients waited for a probe at most.
          expect(served.length).toBeGreaterThan(50);
          expect(Math.max(...served.map(({ longestGapMs }) => longestGapMs))).toBeLessThan(openMs + 2000);
          const cooldowns = await fleet.health.cooldowns(id);
          expect(cooldowns.filter(({ model }) => model === undefined || model === innocentModel(id))).toEqual([]);
        }),
      );
    },
    60_000,
  );

  it('leaves nothing behind', async () => {
    await scene.expectInvariants();
    expect(provider.open()).toBe(0);
  });
});
