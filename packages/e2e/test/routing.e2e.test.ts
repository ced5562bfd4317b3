import { until, verifies } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sluice, startSluice, upstream } from './sluice.ts';
import { callsOf, openStream, post, readAnswer, refusalOf, tokensOf } from './traffic.ts';

const retry = { max_attempts: 4, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 };
const pools = ['shared', 'limited', 'refused', 'forbidden', 'dry', 'parched'];

type TargetRow = readonly [upstream: string, model: string, priority: number, weight: number];
const targets = (id: string, ...rows: readonly TargetRow[]): object => ({
  id,
  targets: rows.map(([name, model, priority, weight]) => ({ upstream: name, model, priority, weight })),
});

/** Each part of the file has its own upstreams and models in one configuration. */
let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 2,
    config: (simulatorUrl) => ({
      retry,
      timeouts: { total_ms: 20_000 },
      circuit: { failures: 3, window_ms: 30_000, open_ms: 600 },
      upstreams: [
        { ...upstream('whole', simulatorUrl), lacks: ['streaming'] },
        ...pools.map((id) => upstream(id, simulatorUrl, id === 'dry' ? ['a'] : ['a', 'b'])),
        ...['first', 'second', 'breaking', 'heavy', 'light'].map((id) => upstream(id, simulatorUrl)),
        ...['', '/openai/v1'].map((path, at) => ({
          id: `azure-${at}`,
          type: 'azure',
          base_url: simulatorUrl + path,
          credentials: [{ id: 'a', api_key: `tok-azure-${at}` }],
        })),
      ],
      models: [
        { id: 'whole-*', targets: [{ upstream: 'whole' }] },
        ...pools.map((id) => ({ id, targets: [{ upstream: id, model: 'demo-t2' }] })),
        targets('falling', ['first', 'demo-e503', 1, 1], ['second', 'demo-t2', 2, 1]),
        targets('long', ['first', 'demo-ctxlen', 1, 1], ['second', 'demo-t2', 2, 1]),
        targets('broken', ['breaking', 'demo-t2', 1, 1], ['second', 'demo-t2', 2, 1]),
        targets('weighted', ['heavy', 'demo-t1', 1, 3], ['light', 'demo-t1', 1, 1]),
        ...[0, 1].map((at) => ({ id: `m${at}`, targets: [{ upstream: `azure-${at}`, model: 'demo-t4' }] })),
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

/** Returns status and upstream of an answer. */
async function served(
  model: string,
  { content, of = sluice }: { readonly content?: string; readonly of?: Sluice } = {},
): Promise<readonly [number, string | null]> {
  const response = await post(of, content === undefined ? { model } : { model, content });
  await response.text();
  return [response.status, response.headers.get('x-sluice-upstream')];
}

async function times<Result>(count: number, run: (at: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < count; at++) results.push(await run(at));
  return results;
}

describe('a server without streams', () => {
  it('gets requests for whole answers, which clients receive as streams', async () => {
    const answer = await openStream(sluice, { model: 'whole-t2', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 2), isDone: true, errorCode: undefined });
    const [call] = await sluice.simulator.calls();
    expect(JSON.parse(call?.body ?? '')).not.toHaveProperty('stream');
  });
});

describe('the credentials of an upstream, over two workers', () => {
  it('take turns', async () => {
    await Promise.all(Array.from({ length: 60 }, () => served('shared')));
    expect(await callsOf(sluice, 'shared-a')).toBeGreaterThan(20);
    expect(await callsOf(sluice, 'shared-b')).toBeGreaterThan(20);
  });

  it('are in cooldown for all workers after a rate limit', verifies('000-31'), async () => {
    await sluice.simulator.script([{ match: { credential: 'tok-limited-a' }, directives: 'e429-r60' }]);
    const answers = await times(30, (at) => served('limited', { content: `question ${at}` }));
    expect(answers).toEqual(answers.map(() => [200, 'limited']));
    expect([await callsOf(sluice, 'limited-a'), await callsOf(sluice, 'limited-b')]).toEqual([1, 30]);
  });

  it.each([
    ['refused', 401],
    ['forbidden', 403],
  ])('are in cooldown for all workers when one is %s (%i)', async (id, status) => {
    await sluice.simulator.script([{ match: { credential: `tok-${id}-a` }, directives: `e${status}` }]);
    const answers = await times(30, (at) => served(id, { content: `question ${at}` }));
    expect(answers).toEqual(answers.map(() => [200, id]));
    expect([await callsOf(sluice, `${id}-a`), await callsOf(sluice, `${id}-b`)]).toEqual([1, 30]);
  });

  it('are waited for, exactly as long as the provider asks', async () => {
    await sluice.simulator.script([{ match: { credential: 'tok-dry-a' }, times: 1, directives: 'e429-rms700' }]);
    expect(await served('dry')).toEqual([200, 'dry']);
    const [limited, later, ...more] = await sluice.simulator.calls();
    expect([limited?.status, later?.status, more]).toEqual([429, 200, []]);
    expect((later?.startedAt.clockMs ?? 0) - (limited?.endedAt?.clockMs ?? 0)).toBeGreaterThanOrEqual(695);
  });

  it('that are all in cooldown beyond the deadline yield an error with the shortest wait, and no attempt', async () => {
    // Far above `total_ms`, and below the minute to which a wait is cut for clients.
    await sluice.simulator.script([
      { match: { credential: 'tok-parched-a' }, directives: 'e429-r58' },
      { match: { credential: 'tok-parched-b' }, directives: 'e429-r50' },
    ]);
    const refusal = await refusalOf(await post(sluice, { model: 'parched' }));
    expect(refusal).toMatchObject({ status: 429, code: 'upstream_rate_limited', type: 'rate_limit_error' });
    expect(Number(refusal.headers.get('retry-after'))).toBeLessThanOrEqual(50);
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThanOrEqual(40);
    const refusals = await times(6, async () => (await refusalOf(await post(sluice, { model: 'parched' }))).code);
    expect(refusals).toEqual(refusals.map(() => 'upstream_rate_limited'));
    expect((await sluice.simulator.stats()).total).toBe(2);
  });
});

describe('a request that waits for its next attempt', () => {
  let busy: Sluice;
  beforeAll(async () => {
    busy = await startSluice({
      ingresses: 1,
      workers: 1,
      config: (simulatorUrl) => ({
        worker: { concurrency: 1 },
        queue: { shards: 1 },
        retry: { ...retry, base_delay_ms: 2000, max_delay_ms: 2000 },
        upstreams: [upstream('sim', simulatorUrl)],
        models: [{ id: '*', targets: [{ upstream: 'sim' }] }],
      }),
    });
  });

  it("does not occupy its worker's only place", async () => {
    const waiting = served('demo-t2-e503-n1', { of: busy });
    await until(async () => (await busy.simulator.stats()).byStatus['503'] === 1, {
      what: 'the first attempt to fail',
    });
    expect(await served('demo-t3', { of: busy })).toEqual([200, 'sim']);
    expect((await busy.simulator.stats()).total).toBe(2);
    expect(await waiting).toEqual([200, 'sim']);
    expect((await busy.simulator.stats()).total).toBe(3);
  });
});

describe('the targets of a model', () => {
  it('are tried by priority', async () => {
    expect(await served('falling')).toEqual([200, 'second']);
    expect([await callsOf(sluice, 'first-a'), await callsOf(sluice, 'second-a')]).toEqual([1, 1]);
  });

  it('get one attempt each with a prompt that is too long for the first', async () => {
    expect(await served('long')).toEqual([200, 'second']);
    expect([await callsOf(sluice, 'first-a'), await callsOf(sluice, 'second-a')]).toEqual([1, 1]);
  });

  it('of one priority share by weight', async () => {
    const answers = await Promise.all(Array.from({ length: 400 }, () => served('weighted')));
    const heavy = answers.filter(([, by]) => by === 'heavy').length;
    // 300 are expected; 5 standard deviations are 43.
    expect(heavy).toBeGreaterThan(257);
    expect(heavy).toBeLessThan(343);
  });

  it('get no attempt from any worker while they fail, and return after one probe', async () => {
    await sluice.simulator.script([{ match: { credential: 'tok-breaking-a' }, directives: 'e503' }]);
    const answers = await times(25, (at) => served('broken', { content: `question ${at}` }));
    expect(answers).toEqual(answers.map(() => [200, 'second']));
    // Three failures open the circuit; a probe may fall into the time that this takes.
    const whileBroken = await callsOf(sluice, 'breaking-a');
    expect(whileBroken).toBeGreaterThanOrEqual(3);
    expect(whileBroken).toBeLessThanOrEqual(5);

    await sluice.simulator.reset();
    await until(async () => (await served('broken'))[1] === 'breaking', { what: 'the target to be back' });
    const settled = await times(10, () => served('broken'));
    expect(settled).toEqual(settled.map(() => [200, 'breaking']));
  });
});

describe('an Azure upstream', () => {
  it.each([
    [0, '/openai/deployments/demo-t4/chat/completions'],
    [1, '/openai/v1/chat/completions'],
  ])('answers the official SDK as OpenAI does (%i)', async (at, path) => {
    const messages = [{ role: 'user' as const, content: 'rid=x' }];
    const { chat } = sluice.client();
    const whole = await chat.completions.create({ model: `m${at}`, messages });
    expect(whole.choices[0]?.message.content).toBe(tokensOf('x', 4));
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await chat.completions.create({ model: `m${at}`, messages, stream: true })) {
      chunks.push(chunk);
    }
    // Not the chunk in which Azure reports its content filter's result for the prompt.
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(tokensOf('x', 4));
    const calls = await sluice.simulator.calls();
    expect(calls.map((call) => [call.path.split('?')[0], call.credential])).toEqual([
      [path, `tok-azure-${at}`],
      [path, `tok-azure-${at}`],
    ]);
  });
});
