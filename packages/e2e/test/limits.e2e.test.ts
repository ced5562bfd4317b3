import { until, verifies } from '@sluice/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import {
  type ChatOptions,
  openStream,
  post,
  readAnswer,
  type Refused,
  refusalOf,
  startedStream,
  startLeaver,
  untilOccupied,
} from './traffic.ts';

const longStream = 'demo-t100000-i50';
const everybody = { name: 'test', key: apiKey };
/** Each test has its own key, so that the rates of one do not affect another. */
const keyOf = (name: string): string => `sk-test-limit-${name}`;
const limited = (name: string, limits: object): object => ({ name, key: keyOf(name), limits });

describe('a fleet of four ingresses that may run 20 requests', () => {
  const rate = { rpm: 1800, burst: 10 };
  const budget = { tpm: 60_000, burst: 2000 };
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 4,
      workers: 2,
      config: {
        keys: [
          everybody,
          limited('two-at-once', { concurrency: 2, rpm: 60, rpm_burst: 10 }),
          limited('slow-rpm', { rpm: 60, rpm_burst: 2 }),
          limited('slow-tpm', { tpm: 600 }),
          limited('fast-rpm', { rpm: rate.rpm, rpm_burst: rate.burst }),
          limited('fast-tpm', { tpm: budget.tpm, tpm_burst: budget.burst }),
        ],
        limits: {
          max_concurrent_requests: 20,
          queue_size: 180,
          max_queue_wait_ms: 30_000,
          // The limit of the whole fleet: the share of a key without its own limit is tested elsewhere.
          default_key_concurrency: 20,
        },
      },
    });
  });
  beforeEach(() => sluice.simulator.reset());
  afterEach(() => untilOccupied(sluice, { running: 0, waiting: 0 }));

  it(
    'never has more than 20 calls open for 200 clients, and serves them all',
    verifies('000-07', '001-07', '003-05'),
    async () => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, client) => {
          const answer = await openStream(sluice, { model: 'demo-t10-i5', content: `rid=c${client}x`, at: client });
          await answer.finish();
          return { status: answer.status, ...readAnswer(answer) };
        }),
      );
      expect(answers.filter(({ status, isDone }) => status === 200 && isDone)).toHaveLength(200);
      const { total, peakOpen } = await sluice.simulator.stats();
      expect(total).toBe(200);
      expect(peakOpen).toBeLessThanOrEqual(20);
      // Fewer would mean idle leases while requests waited.
      expect(peakOpen).toBeGreaterThanOrEqual(15);
    },
  );

  it('frees every lease when a hundred clients leave at once, running and waiting ones', async () => {
    const leavers = Array.from({ length: 100 }, (_, client) =>
      startLeaver(sluice, {
        model: client % 3 === 0 ? 'demo-hang' : longStream,
        content: `leaver ${client}`,
        at: client,
      }),
    );
    await untilOccupied(sluice, { running: 20, waiting: 80 });
    for (const { leave } of leavers) leave();
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    const { open, peakOpen } = await sluice.simulator.stats();
    expect(open).toBe(0);
    expect(peakOpen).toBeLessThanOrEqual(20);
  });

  it('refuses a key the third simultaneous request of two allowed, and charges nothing for it', async () => {
    const key = keyOf('two-at-once');
    const running = await Promise.all([0, 1].map((at) => startedStream(sluice, { model: longStream, key, at })));
    const refused = await Promise.all([0, 1, 2, 3].map(async (at) => refusalOf(await post(sluice, tiny({ key, at })))));
    for (const refusal of refused) {
      expect(refusal).toMatchObject({ status: 429, code: 'concurrency_limit_exceeded', type: 'rate_limit_error' });
      expectRetryAfter(refusal);
      expect(refusal.headers.get('x-ratelimit-limit-requests')).toBe('60');
      // Ten at once, of which two run; one comes back each second.
      expect(Number(refusal.headers.get('x-ratelimit-remaining-requests'))).toBeGreaterThanOrEqual(8);
    }
    await Promise.all(running.map((answer) => answer.leave()));
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    expect((await post(sluice, tiny({ key }))).status).toBe(200);
    expect((await sluice.simulator.stats()).total).toBe(3);
  });

  it('tells a key over its limit when to retry, and refusals do not postpone that', async () => {
    const key = keyOf('slow-rpm');
    const remaining: (string | null)[] = [];
    for (const at of [0, 1]) {
      const { status, headers } = await post(sluice, tiny({ key, at }));
      expect(status).toBe(200);
      expect(headers.get('x-ratelimit-limit-requests')).toBe('60');
      expect(headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+(?:\.\d)?m?s$/);
      remaining.push(headers.get('x-ratelimit-remaining-requests'));
    }
    expect(remaining).toEqual(['1', '0']);
    const first = await refusalOf(await post(sluice, tiny({ key, at: 2 })));
    const others = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => refusalOf(await post(sluice, tiny({ key, at })))),
    );
    for (const refusal of [first, ...others]) {
      expect(refusal).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' });
      expectRetryAfter(refusal);
      expect(retryAfterMsOf(refusal)).toBeLessThanOrEqual(retryAfterMsOf(first));
    }
    expect((await sluice.simulator.stats()).total).toBe(2);
  });

  it('charges the tokens that the provider counted, not the reserved ones', async () => {
    const key = keyOf('slow-tpm');
    const request = { key, model: 'demo-t20', fields: { max_tokens: 200 } };
    const before = await post(sluice, { ...request, at: 0 });
    const { usage } = (await before.json()) as { readonly usage: { readonly total_tokens: number } };
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    const after = await post(sluice, { ...request, at: 1 });
    const left = [before, after].map(({ headers }) => Number(headers.get('x-ratelimit-remaining-tokens')));
    expect(left[0]).toBeLessThan(600 - 200);
    // 600 a minute: ten come back in one second, longer than this takes.
    expect(Math.abs((left[0] ?? NaN) - (left[1] ?? NaN) - usage.total_tokens)).toBeLessThanOrEqual(10);

    const tooLarge = await refusalOf(await post(sluice, { ...request, fields: { max_tokens: 1000 } }));
    expect(tooLarge).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(tooLarge.headers.get('x-should-retry')).toBe('false');
    expect((await sluice.simulator.stats()).total).toBe(2);
  });

  it('holds requests and tokens per minute to the limit over all ingresses, and grants all of it', async () => {
    const [byRequests, byTokens] = await Promise.all([
      overload(sluice, tiny({ key: keyOf('fast-rpm') })),
      overload(sluice, { model: 'demo-t20', key: keyOf('fast-tpm'), fields: { max_tokens: 40 } }),
    ]);
    const requestsPerMs = rate.rpm / 60_000;
    expect(byRequests.admitted).toBeLessThanOrEqual(rate.burst + requestsPerMs * byRequests.longestMs + 1);
    expect(byRequests.admitted).toBeGreaterThanOrEqual(0.97 * (rate.burst + requestsPerMs * byRequests.shortestMs) - 1);
    expect(byRequests.refused).toBeGreaterThan(byRequests.admitted);

    const tokensPerMs = budget.tpm / 60_000;
    const reserved = 40 + 40;
    expect(byTokens.tokens).toBeLessThanOrEqual(budget.burst + tokensPerMs * byTokens.longestMs + 1);
    expect(byTokens.tokens).toBeGreaterThanOrEqual(
      0.97 * (budget.burst + tokensPerMs * byTokens.shortestMs) - reserved,
    );
    expect(byTokens.refused).toBeGreaterThan(0);
    // A refused request reaches no provider.
    expect((await sluice.simulator.stats()).total).toBe(byRequests.admitted + byTokens.admitted);
  });
});

describe('a fleet of two ingresses that may run one request while five wait', () => {
  const maxQueueWaitMs = 2500;
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 2,
      workers: 1,
      config: {
        keys: [
          everybody,
          limited('counted', { rpm: 60, rpm_burst: 10 }),
          // One comes back each minute, longer than a test takes.
          limited('rare', { rpm: 1, rpm_burst: 10 }),
        ],
        limits: { max_concurrent_requests: 1, queue_size: 5, max_queue_wait_ms: maxQueueWaitMs },
      },
    });
  });
  beforeEach(() => sluice.simulator.reset());
  afterEach(() => untilOccupied(sluice, { running: 0, waiting: 0 }));

  it('serves waiters in the order of their arrival, over both ingresses', async () => {
    const running = await startedStream(sluice, { model: longStream });
    const waiters: Promise<Response>[] = [];
    for (const at of [0, 1, 2, 3, 4]) {
      waiters.push(post(sluice, { ...tiny({ at }), content: `waiter ${at}` }));
      await untilOccupied(sluice, { running: 1, waiting: at + 1 });
    }
    await running.leave();
    const answers = await Promise.all(waiters);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const order = (await sluice.simulator.calls()).flatMap(({ body }) => /waiter \d/.exec(body) ?? []);
    expect(order).toEqual([0, 1, 2, 3, 4].map((at) => `waiter ${at}`));
  });

  it('refuses the sixth waiter at once, and charges nothing for it', verifies('000-10', '001-19'), async () => {
    const key = keyOf('rare');
    const running = await startedStream(sluice, { model: longStream });
    const waiters = [0, 1, 2, 3, 4].map((at) => startLeaver(sluice, { model: longStream, key, at }));
    await untilOccupied(sluice, { running: 1, waiting: 5 });
    const askedAt = performance.now();
    const refusals = await Promise.all([0, 1, 2].map(async (at) => refusalOf(await post(sluice, tiny({ at, key })))));
    expect(performance.now() - askedAt).toBeLessThan(500);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 503, code: 'server_overloaded', type: 'overloaded_error' });
      expectRetryAfter(refusal);
      expect(refusal.headers.get('x-ratelimit-remaining-requests')).toBe('5');
    }
    for (const { leave } of waiters) leave();
    await running.leave();
    expect((await sluice.simulator.stats()).total).toBe(1);
  });

  it('refuses a waiter after its time, and gives back what was charged for it', async () => {
    const key = keyOf('counted');
    const running = await startedStream(sluice, { model: longStream });
    const askedAt = performance.now();
    const refusal = await refusalOf(await post(sluice, tiny({ key })));
    const waitedMs = performance.now() - askedAt;
    expect(refusal).toMatchObject({ status: 503, code: 'queue_timeout', type: 'overloaded_error' });
    expectRetryAfter(refusal);
    expect(waitedMs).toBeGreaterThanOrEqual(maxQueueWaitMs - 50);
    expect(waitedMs).toBeLessThan(maxQueueWaitMs + 1000);
    await running.leave();
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    const { headers } = await post(sluice, tiny({ key }));
    expect(headers.get('x-ratelimit-remaining-requests')).toBe('9');
    expect((await sluice.simulator.stats()).total).toBe(2);
  });
});

const tiny = (options: Omit<ChatOptions, 'model'>): ChatOptions => ({ model: 'demo-t1', ...options });

const retryAfterMsOf = ({ headers }: Refused): number => Number(headers.get('retry-after-ms'));

function expectRetryAfter(refusal: Refused): void {
  const ms = retryAfterMsOf(refusal);
  expect(ms).toBeGreaterThan(0);
  expect(ms).toBeLessThanOrEqual(60_000);
  expect(refusal.headers.get('retry-after')).toBe(String(Math.ceil(ms / 1000)));
  expect(refusal.headers.get('x-should-retry')).toBe('true');
}

interface Overload {
  admitted: number;
  refused: number;
  /** Tokens as the provider counted them. */
  tokens: number;
  /** Time from before the first request to after the last. */
  readonly longestMs: number;
  /** Time from after the first answer to before the last request. */
  readonly shortestMs: number;
}

/** Sends requests as fast as twelve clients can, three at each ingress, for three seconds. */
async function overload(sluice: Sluice, options: ChatOptions): Promise<Overload> {
  const sums = { admitted: 0, refused: 0, tokens: 0 };
  const startedAt = performance.now();
  let firstAnswerAt = Infinity;
  let lastRequestAt = 0;

  async function client(at: number): Promise<void> {
    while (performance.now() - startedAt < 3000) {
      lastRequestAt = performance.now();
      const response = await post(sluice, { ...options, at });
      const answer = (await response.json()) as { readonly usage?: { readonly total_tokens: number } };
      firstAnswerAt = Math.min(firstAnswerAt, performance.now());
      if (response.status === 200) sums.admitted += 1;
      else if (response.status === 429) sums.refused += 1;
      else throw new Error(`an answer of ${response.status} that no limit explains`);
      sums.tokens += answer.usage?.total_tokens ?? 0;
    }
  }

  await Promise.all(Array.from({ length: 12 }, (_, at) => client(at)));
  await until(async () => (await sluice.simulator.stats()).open === 0, { what: 'the last call to end' });
  return { ...sums, longestMs: performance.now() - startedAt, shortestMs: lastRequestAt - firstAnswerAt };
}
