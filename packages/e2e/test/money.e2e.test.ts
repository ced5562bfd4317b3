import type { RedisConnection } from '@sluice/redis';
import { until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { ownRedis } from './own-redis.ts';
import { apiKey, type Sluice, startSluice } from './sluice.ts';

const teamKey = 'sk-test-team-00001';
const openKey = 'sk-test-unbounded-1';
let sluice: Sluice;
let redis: RedisConnection;
beforeAll(async () => {
  const own = await ownRedis();
  redis = own.redis;
  sluice = await startSluice({
    ingresses: 4,
    workers: 2,
    redis: { url: own.url },
    config: {
      // A request costs up to $0.01: see below.
      keys: [
        { name: 'day', key: apiKey, budgets: { day_usd: 0.1 } },
        { name: 'team', key: teamKey, team: 'blue' },
        { name: 'open', key: openKey, budgets: { total_usd: 0.001 } },
      ],
      teams: [{ id: 'blue', budgets: { month_usd: 0.02 } }],
      limits: { max_concurrent_requests: 1000, queue_size: 0, default_key_concurrency: 1000 },
    },
  });
});

/** Without a price in the table the model costs $5 and $25 for a million tokens; 400 tokens of an answer are $0.01. */
const model = 'demo-t400';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly error?: { readonly code: string; readonly type: string; readonly message: string } };
}

async function send(at: number, key: string, fields: object = { max_tokens: 390 }): Promise<Answer> {
  const response = await fetch(`${sluice.url(at)}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }], ...fields }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

/** Returns the spend of an owner when nothing of it is reserved any more. */
async function spendOf(owner: string): Promise<number> {
  const [name = ''] = await redis.keys(`*{adm}:spend:${owner}`);
  const settled = await until(
    async () => {
      const spend = await redis.hgetall(name);
      return spend['reserved'] === '0' && spend;
    },
    { what: 'all reservations to be given back' },
  );
  return Number(settled['total']);
}

describe('a budget', () => {
  it('is never exceeded by 500 parallel requests over 4 ingresses that are bounded', async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, (_, at) => send(at % 4, apiKey)));
    const served = answers.filter(({ status }) => status === 200).length;
    const refused = answers.filter(({ status }) => status === 429);
    expect(served + refused.length).toBe(500);
    expect(served).toBeGreaterThanOrEqual(9);
    const { headers, body } = refused[0] ?? {};
    expect(body?.error).toMatchObject({ code: 'insufficient_quota', type: 'insufficient_quota' });
    expect(body?.error?.message).toMatch(
      /^The budget of this API key for a day is \$0\.10, and \$0\.\d+ of it is neither spent nor reserved\. .*It resets at \d{4}-\d\d-\d\dT00:00Z\.$/,
    );
    expect([headers?.get('x-should-retry'), headers?.get('retry-after')]).toEqual(['false', null]);
    const spent = await spendOf('k:*');
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual(100_000);
  });

  it('of a team binds its keys, and says so', async () => {
    const first = await send(0, teamKey);
    const second = await send(1, teamKey, { max_tokens: 1000 });
    expect([first.status, second.status]).toEqual([200, 429]);
    expect(second.body.error?.message).toContain("The budget of the team 'blue' for a month is $0.02");
    expect(await spendOf('t:blue')).toBeLessThanOrEqual(20_000);
  });

  it('is exceeded by one request at most that nothing bounds', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => send(at % 4, openKey, {})));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const again = await send(0, openKey, {});
    expect(again).toMatchObject({ status: 429, body: { error: { code: 'insufficient_quota' } } });
  });
});
