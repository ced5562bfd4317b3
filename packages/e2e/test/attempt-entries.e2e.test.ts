import { type AttemptEntry, attemptEntrySchema } from '@sluice/records';
import type { RedisConnection } from '@sluice/redis';
import { until } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownRedis } from './own-redis.ts';
import { apiKey, ask, type Sluice, startSluice, upstream } from './sluice.ts';
import { openStream, post, readAnswer, startLeaver, untilBusy } from './traffic.ts';

let sluice: Sluice;
let redis: RedisConnection;
beforeAll(async () => {
  const own = await ownRedis();
  redis = own.redis;
  sluice = await startSluice({
    ingresses: 1,
    workers: 3,
    redis: { url: own.url },
    config: (simulatorUrl) => ({
      // Nothing answers there: the entries stay in Redis.
      database: { url: 'postgres://user:secret@127.0.0.1:1/none' },
      retry: { max_attempts: 3, base_delay_ms: 1, max_delay_ms: 5 },
      upstreams: [
        upstream('sim', simulatorUrl),
        { ...upstream('gemini', simulatorUrl), type: 'gemini', base_url: `${simulatorUrl}/v1beta` },
        { ...upstream('anthropic', simulatorUrl), type: 'anthropic', base_url: `${simulatorUrl}/v1` },
      ],
      models: [
        { id: 'gemini-embedding*', targets: [{ upstream: 'gemini' }] },
        { id: 'claude-*', targets: [{ upstream: 'anthropic' }] },
        { id: 'long-*', auto_continue: 5, targets: [{ upstream: 'sim' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

/** Returns the entries of a model in the order of their calls, once there are so many of them. */
async function entriesOf(model: string, count: number): Promise<readonly AttemptEntry[]> {
  const found = await until(
    async () => {
      const [key] = await redis.keys('*:outbox:{attempts}');
      const batches = key === undefined ? [] : await redis.xrange(key, '-', '+');
      const entries = batches
        .flatMap(([, [, text = '']]) => JSON.parse(text) as unknown[])
        .map((entry) => attemptEntrySchema.parse(entry))
        .filter((entry) => entry.model === model);
      return entries.length >= count && entries;
    },
    { what: `${count} entries of ${model}` },
  );
  expect(found).toHaveLength(count);
  expect(new Set(found.map(({ id }) => id)).size).toBe(count);
  expect(new Set(found.map(({ requestId }) => requestId)).size).toBe(1);
  return found.toSorted((one, other) => one.epoch - other.epoch || one.number - other.number);
}

const sumOf = ({ tokens }: AttemptEntry): number =>
  tokens.fresh + tokens.cacheRead + tokens.cacheWrite + tokens.output + tokens.reasoning;

describe('the ledger entry of an attempt', () => {
  it('has the tokens and the cost of a whole answer, and the client gets the same cost', async () => {
    const model = 'claude-3-5-haiku-t7';
    const response = await post(sluice, { model, fields: { max_tokens: 100 } });
    const { usage } = (await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    const [entry] = await entriesOf(model, 1);
    expect(entry).toMatchObject({
      number: 1,
      epoch: 1,
      upstream: 'anthropic',
      credential: 'a',
      operation: 'chat',
      outcome: 'complete',
      status: 200,
      tokens: { fresh: usage.prompt_tokens, output: usage.completion_tokens },
      estimated: false,
    });
    // $0.80 and $4 for a million.
    const costMicros = Math.round(usage.prompt_tokens * 0.8 + usage.completion_tokens * 4);
    expect(entry?.costMicros).toBe(costMicros);
    expect(response.headers.get('x-sluice-cost-usd')).toBe((costMicros / 1e6).toFixed(6));
  });

  it('has the tokens of a stream, whose last event tells the cost to a client that asks', async () => {
    const model = 'claude-3-5-haiku-t9';
    const response = await fetch(`${sluice.url()}/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'x-sluice-include-cost': 'true',
      },
      body: JSON.stringify({ ...ask(model), stream: true }),
    });
    const events = (await response.text()).split('\n\n').filter((event) => event !== '');
    const [entry] = await entriesOf(model, 1);
    expect(entry).toMatchObject({ outcome: 'complete', tokens: { output: 9 }, estimated: false });
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)) as object);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      sluice: { cost_usd: (entry?.costMicros ?? 0) / 1e6 },
    });
    expect(new Set(chunks.map((chunk) => 'id' in chunk && chunk.id)).size).toBe(1);
  });

  it('is written for each call of a request that is tried again', async () => {
    const model = 'demo-t3-e503-n2';
    await (await post(sluice, { model })).text();
    const entries = await entriesOf(model, 3);
    expect(entries.map(({ number, outcome, status }) => [number, outcome, status])).toEqual([
      [1, 'failed', 503],
      [2, 'failed', 503],
      [3, 'complete', 200],
    ]);
    expect(entries.map(sumOf).slice(0, 2)).toEqual([0, 0]);
    expect(entries[2]?.tokens.output).toBe(3);
  });

  it('counts what has arrived of an answer that breaks off, and that of the attempt which resumes it', async () => {
    const model = 'demo-t12-i5-reset-k5-n1';
    const answer = await openStream(sluice, { model, content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer).isDone).toBe(true);
    const [broken, resumed] = await entriesOf(model, 2);
    expect(broken).toMatchObject({ epoch: 1, outcome: 'failed', tokens: { output: 5 }, estimated: true });
    expect(resumed).toMatchObject({ epoch: 2, outcome: 'complete', tokens: { output: 12 }, estimated: false });
    expect(broken?.tokens.fresh).toBe(resumed?.tokens.fresh);
  });

  it('counts what has arrived when the client leaves', async () => {
    const model = 'demo-t100000-i20';
    const { leave, over } = startLeaver(sluice, { model });
    await until(async () => ((await sluice.simulator.calls())[0]?.tokensSent ?? 0) > 5, { what: 'some tokens' });
    leave();
    await over;
    const [entry] = await entriesOf(model, 1);
    const [call] = await sluice.simulator.calls();
    expect(entry).toMatchObject({ outcome: 'aborted', status: 200, estimated: true });
    expect(Math.abs((entry?.tokens.output ?? 0) - (call?.tokensSent ?? 0))).toBeLessThan(3);
  });

  it('is written by the ingress if the worker is killed, by what the client has received', async () => {
    const model = 'demo-t60-i40';
    const answer = await openStream(sluice, { model, content: 'rid=x' });
    const finished = answer.finish();
    await until(() => readAnswer(answer).text.includes('x.9 '), { what: 'ten tokens' });
    (await untilBusy(sluice)).kill('SIGKILL');
    await finished;
    expect(readAnswer(answer).isDone).toBe(true);
    const [lost, resumed] = await entriesOf(model, 2);
    expect(lost).toMatchObject({ epoch: 1, number: 1, outcome: 'lost', credential: 'a', estimated: true });
    expect(lost?.tokens.output).toBeGreaterThanOrEqual(10);
    expect(lost?.tokens.output).toBeLessThan(60);
    expect(resumed).toMatchObject({ epoch: 2, outcome: 'complete', estimated: false });
    expect(lost?.tokens.fresh).toBe(resumed?.tokens.fresh);
  });

  it('is written for each extension of an answer', async () => {
    const model = 'long-t10';
    await (await post(sluice, { model, content: 'rid=x', fields: { max_tokens: 4 } })).text();
    const entries = await entriesOf(model, 3);
    expect(entries.map(({ number, outcome, tokens }) => [number, outcome, tokens.output])).toEqual([
      [1, 'complete', 4],
      [2, 'complete', 4],
      [3, 'complete', 2],
    ]);
  });

  it('is written for each batch of embeddings', async () => {
    const model = 'gemini-embedding-2';
    const input = Array.from({ length: 250 }, (_, at) => `text ${at}`);
    const { usage } = await sluice.client().embeddings.create({ model, input });
    const entries = await entriesOf(model, 3);
    expect(entries.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(entries.every(({ operation, outcome }) => operation === 'embeddings' && outcome === 'complete')).toBe(true);
    expect(entries.reduce((sum, entry) => sum + sumOf(entry), 0)).toBe(usage.prompt_tokens);
    expect(entries.every(({ estimated }) => !estimated)).toBe(true);
  });
});
