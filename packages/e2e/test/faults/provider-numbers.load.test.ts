import { afterFile, startRedis } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from '../sluice.ts';
import { post, refusalOf } from '../traffic.ts';
import { askOne } from './ask.ts';
import { type FleetHealth, healthOf } from './health-of.ts';
import { type RawProvider, startRawProvider, tokensAnswer } from './raw-provider.ts';
import { type Scene, startScene } from './scene.ts';

const retry = {
  max_attempts: 3,
  base_delay_ms: 200,
  max_delay_ms: 1000,
  rate_limit_base_delay_ms: 400,
  rate_limit_max_delay_ms: 1000,
  jitter: 0,
};
/** The longest cooldown; after it, one attempt tries the credential. */
const longestLifeMs = 3_600_000 + 600_000;
const totalMs = 10_000;

/** Names of upstreams, and their provider's `Retry-After`. */
const numbers: Readonly<Record<string, () => string>> = {
  digits: () => '9'.repeat(30),
  many: () => '9'.repeat(400),
  micros: () => String(Date.now() * 1000),
  seconds: () => String(Math.ceil(Date.now() / 1000) + 30),
  millis: () => '86400000',
  days: () => '604800',
  future: () => new Date(Date.now() + 30 * 86_400_000).toUTCString(),
  zero: () => '0',
  past: () => 'Sun, 06 Nov 1994 08:49:37 GMT',
  negative: () => '-1',
  infinite: () => 'Infinity',
  exponent: () => '1e308',
  garbage: () => 'soon \u00fe\u00ff',
  empty: () => '',
};
/** These values ask for a wait that no client could keep. */
const senseless = ['zero', 'past', 'negative', 'garbage', 'empty'];

const statuses = [429, 503] as const;
const idsOf = (status: number): string[] => Object.keys(numbers).map((name) => `${name}${status}`);

let scene: Scene;
let fleet: FleetHealth;
let provider: RawProvider;
let isLimited = true;
beforeAll(async () => {
  const redis = await startRedis();
  afterFile(() => redis.stop());
  provider = await startRawProvider((call) => {
    if (!isLimited) return tokensAnswer(call);
    const [, name = '', status] = /^(\D+)(\d+)-/.exec(call.model) ?? [];
    const error = { message: 'Come back later', type: 'requests', code: null };
    return {
      status: Number(status),
      headers: { 'retry-after': numbers[name]?.() ?? '' },
      body: JSON.stringify({ error }),
    };
  });
  const ids = statuses.flatMap(idsOf);
  scene = await startScene({
    redisUrl: redis.url,
    ingresses: 1,
    workers: 2,
    config: (simulatorUrl) => ({
      keys: [{ name: 'test', key: apiKey }],
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-sim-a' }] },
        ...ids.map((id) => ({
          id,
          type: 'openai',
          base_url: `${provider.url}/v1`,
          credentials: [{ id: 'a', api_key: `tok-${id}-a` }],
        })),
      ],
      models: [
        ...ids.flatMap((id) => [
          { id: `${id}-*`, targets: [{ upstream: id }] },
          {
            id: `spare-${id}-*`,
            targets: [
              { upstream: id, model: `${id}-t5`, priority: 1 },
              { upstream: 'sim', model: 'demo-t5', priority: 2 },
            ],
          },
        ]),
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
      retry,
      timeouts: { total_ms: totalMs },
      circuit: { failures: 10_000 },
    }),
  });
  fleet = await healthOf(redis.url);
});

const callsOf = (id: string): RawProvider['calls'] => provider.calls.filter(({ model }) => model === `${id}-t5`);

describe("F50 a provider's Retry-After", () => {
  it.each(statuses.flatMap((status) => Object.keys(numbers).map((name) => [name, status] as const)))(
    'of %s with status %i blocks no client for long',
    async (name, status) => {
      const id = `${name}${status}`;
      isLimited = true;
      // A client whose model has another target is served by that target at once.
      const spared = performance.now();
      const asked = await askOne(scene, { model: `spare-${id}`, tokens: 5 });
      expect(asked.outcome).toBe('complete');
      expect(asked.endedAt - spared).toBeLessThan(3000);

      // A client without one gets an error that asks it to retry soon.
      await fleet.health.lift(id);
      const before = callsOf(id).length;
      const beganAt = performance.now();
      const refusal = await refusalOf(await post(scene, { model: `${id}-t5` }));
      expect(performance.now() - beganAt).toBeLessThan(totalMs + 2000);
      expect([429, 502, 503]).toContain(refusal.status);
      const retryAfter = refusal.headers.get('retry-after');
      if (retryAfter !== null) expect(retryAfter).toMatch(/^(?:\d|[1-5]\d|60)$/);
      if (status === 429) expect(Number(retryAfter)).toBeGreaterThan(0);

      // No requested wait makes Sluice call the provider in a tight loop.
      const calls = callsOf(id).slice(before);
      expect(calls.length).toBeLessThanOrEqual(retry.max_attempts);
      if (senseless.includes(name)) {
        const pauses = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? NaN));
        const backoffMs = status === 429 ? retry.rate_limit_base_delay_ms : retry.base_delay_ms;
        // Timers may fire a millisecond early.
        for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(backoffMs - 20);
      }

      // No key lives without an end, and an operator can lift each cooldown.
      for (const lifeMs of await fleet.lives(id)) {
        expect(lifeMs).toBeGreaterThan(0);
        expect(lifeMs).toBeLessThanOrEqual(longestLifeMs);
      }
      isLimited = false;
      await fleet.health.lift(id);
      expect(await fleet.health.cooldowns(id)).toEqual([]);
      expect(await askOne(scene, { model: id, tokens: 5 })).toMatchObject({ outcome: 'complete' });
    },
  );

  it('leaves nothing behind', async () => {
    await scene.expectInvariants();
    expect(provider.open()).toBe(0);
  });
});
