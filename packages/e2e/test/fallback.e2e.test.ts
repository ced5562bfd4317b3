import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sluice, startSluice, upstream } from './sluice.ts';
import { callsOf, post } from './traffic.ts';

let sluice: Sluice;
beforeEach(() => sluice.simulator.reset());

const retry = { max_attempts: 4, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 };
const targets = [
  { upstream: 'preferred', model: 'demo-t2' },
  { upstream: 'fallback', model: 'demo-t2', priority: 2 },
];

/** Returns status, upstream and number of attempts of an answer. */
async function served(model: string, stream = false): Promise<readonly [number, string | null, string | null]> {
  const response = await post(sluice, { model, fields: { stream } });
  await response.text();
  const { headers } = response;
  return [response.status, headers.get('x-sluice-upstream'), headers.get('x-sluice-attempts')];
}

const calls = async (): Promise<readonly number[]> => [
  await callsOf(sluice, 'preferred-a'),
  await callsOf(sluice, 'fallback-a'),
];

function useSluice(settings: object, models: readonly object[] = [{ id: '*', targets }]): void {
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: (simulatorUrl) => ({
        retry: { ...retry, ...settings },
        circuit: { failures: 100 },
        upstreams: [upstream('preferred', simulatorUrl), upstream('fallback', simulatorUrl)],
        models,
      }),
    });
  });
}

const failPreferred = (directives: string, times?: number) =>
  sluice.simulator.script([
    { match: { credential: 'tok-preferred-a' }, directives, ...(times === undefined ? {} : { times }) },
  ]);

describe('retry.same_target', () => {
  useSluice({ same_target: 3 });

  it.each([false, true])('tries the preferred target again before a fallback (stream: %s)', async (stream) => {
    await failPreferred('e503', 2);
    expect(await served('m', stream)).toEqual([200, 'preferred', '3']);
    expect(await calls()).toEqual([3, 0]);
  });

  it.each([false, true])('tries a fallback after this number of attempts (stream: %s)', async (stream) => {
    await failPreferred('e503');
    expect(await served('m', stream)).toEqual([200, 'fallback', '4']);
    expect(await calls()).toEqual([3, 1]);
  });

  it('tries a fallback at once where the answer is unreadable', async () => {
    await failPreferred('html');
    expect(await served('m')).toEqual([200, 'fallback', '2']);
  });
});

describe('retry.wait_for_preferred_ms', () => {
  useSluice({ wait_for_preferred_ms: 2000 });

  it('makes a request wait for a credential whose cooldown ends within it', async () => {
    await failPreferred('e429-rms1500', 1);
    expect(await served('m')).toEqual([200, 'preferred', '2']);
    expect(await calls()).toEqual([2, 0]);
  });

  it('tries a fallback at once where the cooldown is longer', async () => {
    await failPreferred('e429-r60');
    const startedAt = performance.now();
    expect(await served('m')).toEqual([200, 'fallback', '2']);
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(await calls()).toEqual([1, 1]);
  });
});

describe('on_content_policy', () => {
  useSluice({ on_content_policy: 'end' }, [
    { id: 'strict', targets },
    { id: 'lenient', on_content_policy: 'next', targets },
  ]);

  it('ends a request with refused content: no other provider sees it', async () => {
    await failPreferred('policy');
    const response = await post(sluice, { model: 'strict' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'content_policy_violation' } });
    expect(await calls()).toEqual([1, 0]);
  });

  it('tries the next target where the entry of the model says so', async () => {
    await failPreferred('policy');
    expect(await served('lenient')).toEqual([200, 'fallback', '2']);
    expect(await calls()).toEqual([1, 1]);
  });
});
