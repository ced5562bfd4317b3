import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterFile, until } from '@sluice/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice, upstream } from './sluice.ts';
import { type ChatOptions, metric, occupancy, post, refusalOf, startLeaver, untilOccupied } from './traffic.ts';

const keyOf = (name: string): string => `sk-test-fair-${name}`;
const named = (name: string, limits: object = {}): object => ({ name, key: keyOf(name), limits });

/** A provider that always counts a trillion tokens: model `whole` or `stream`. */
async function startBoaster(): Promise<string> {
  const usage = { prompt_tokens: 1e12, completion_tokens: 1e12, total_tokens: 1e12 };
  const head = { id: 'c', created: 1, model: 'm' };
  const choice = { index: 0, finish_reason: 'stop' };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const isStream = body.includes('"stream":true');
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
      const message = { role: 'assistant', content: 'Hi' };
      if (!isStream) {
        const whole = { ...head, object: 'chat.completion', choices: [{ ...choice, message }], usage };
        return response.end(JSON.stringify(whole));
      }
      const chunk = { ...head, object: 'chat.completion.chunk' };
      const chunks = [
        { ...chunk, choices: [{ ...choice, delta: message }] },
        { ...chunk, choices: [], usage },
      ];
      response.end(`${chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')}data: [DONE]\n\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterFile(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('F49 a client that leaves before the first token', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: {
        keys: [
          { name: 'test', key: apiKey },
          named('budget', { concurrency: 20, rpm: 600, tpm: 200_000 }),
          named('waiter', { rpm: 60, rpm_burst: 10, tpm: 100_000 }),
          named('failing', { tpm: 100_000 }),
        ],
        limits: { max_concurrent_requests: 2, queue_size: 5, default_key_concurrency: 2 },
        retry: { base_delay_ms: 1, max_delay_ms: 5, max_attempts: 3 },
      },
    });
  });
  beforeEach(() => sluice.simulator.reset());
  afterEach(() => untilOccupied(sluice, { running: 0, waiting: 0 }));

  const tokensLeft = async (key: string): Promise<number> => {
    const { headers } = await post(sluice, { model: 'demo-t1', key, fields: { max_tokens: 1 } });
    return Number(headers.get('x-ratelimit-remaining-tokens'));
  };

  it('pays for the prompts that a provider received: 200,000 tokens a minute allow one of 187,000', async () => {
    const content = 'x'.repeat(187_000 * 4);
    const statuses: (number | 'left')[] = [];
    for (let at = 0; at < 28; at++) {
      const controller = new AbortController();
      const request = { model: 'demo-hang', key: keyOf('budget'), content, signal: controller.signal };
      const status = post(sluice, { ...request, fields: { max_tokens: 10 } }).then(
        (response) => response.status,
        () => 'left' as const,
      );
      const arrived = until(async () => (await sluice.simulator.stats()).open > 0, { what: 'the prompt to arrive' });
      const first = await Promise.race([status, arrived]);
      controller.abort();
      statuses.push(first === true ? await status : first);
      arrived.catch(() => undefined);
      await untilOccupied(sluice, { running: 0, waiting: 0 });
    }
    expect(statuses).toEqual(['left', ...Array.from({ length: 27 }, () => 429)]);
    expect((await sluice.simulator.stats()).total).toBe(1);
  });

  it('pays for a prompt that failed at its provider, once for all attempts', async () => {
    const key = keyOf('failing');
    const before = await tokensLeft(key);
    const content = 'x'.repeat(40_000);
    expect((await post(sluice, { model: 'demo-e500', key, content })).status).toBe(502);
    expect((await sluice.simulator.stats()).total).toBe(1 + 3);
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    const spent = before - (await tokensLeft(key));
    expect(spent).toBeGreaterThan(8000);
    expect(spent).toBeLessThan(12_000);
  });

  it('gets its tokens, but not its request, back when it leaves the waiting room', async () => {
    const key = keyOf('waiter');
    const holders = [0, 1].map(() => startLeaver(sluice, { model: 'demo-hang' }));
    await untilOccupied(sluice, { running: 2, waiting: 0 });
    for (let round = 0; round < 4; round++) {
      const waiter = startLeaver(sluice, { model: 'demo-t1', key, fields: { max_tokens: 20_000 } });
      await untilOccupied(sluice, { running: 2, waiting: 1 });
      waiter.leave();
      await untilOccupied(sluice, { running: 2, waiting: 0 });
    }
    for (const { leave } of holders) leave();
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    const { headers } = await post(sluice, { model: 'demo-t1', key, fields: { max_tokens: 1 } });
    // Ten at once; one comes back each second.
    expect(Number(headers.get('x-ratelimit-remaining-requests'))).toBeLessThan(9);
    expect(Number(headers.get('x-ratelimit-remaining-tokens'))).toBeGreaterThan(99_000);
  });

  it('pays for the larger of two limits of its answer', async () => {
    const fields = { max_completion_tokens: 1, max_tokens: 150_000 };
    const refused = await refusalOf(await post(sluice, { model: 'demo-t1', key: keyOf('failing'), fields }));
    expect(refused).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });
});

describe('F50 a provider that counts a trillion tokens', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    const boaster = await startBoaster();
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: (simulatorUrl) => ({
        keys: [named('one', { tpm: 200_000 }), named('two', { tpm: 200_000 })],
        upstreams: [upstream('sim', simulatorUrl), upstream('boaster', boaster)],
        models: [
          { id: 'boast', targets: [{ upstream: 'boaster' }] },
          { id: '*', targets: [{ upstream: 'sim' }] },
        ],
      }),
    });
  });

  it.each([
    ['a whole answer', 'one', {}],
    ['a stream', 'two', { stream: true }],
  ])('locks no client out with %s', async (_what, name, fields) => {
    const key = keyOf(name);
    const answer = await post(sluice, { model: 'boast', key, fields });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('Hi');
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    const next = await post(sluice, { model: 'demo-t1', key });
    expect(next.status).toBe(200);
    expect(Number(next.headers.get('x-ratelimit-remaining-tokens'))).toBeGreaterThan(150_000);
  });
});

describe('a key without limits that holds 55 slow requests', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 2,
      workers: 2,
      config: {
        keys: [named('greedy'), named('other', { concurrency: 20 }), named('third')],
        limits: { max_concurrent_requests: 30, queue_size: 20 },
      },
    });
  });

  it('shuts no other key out: a second key gets all of its 54 answers, and a third may wait', async () => {
    const greedy: ChatOptions = { model: 'demo-hang', key: keyOf('greedy') };
    const holders = Array.from({ length: 55 }, (_, at) => startLeaver(sluice, { ...greedy, at }));
    await untilOccupied(sluice, { running: 15, waiting: 20 });

    const statuses: number[] = [];
    const askOneByOne = async (client: number): Promise<void> => {
      for (let round = 0; round < 9; round++) {
        const response = await post(sluice, { model: 'demo-t1', key: keyOf('other'), at: client });
        await response.text();
        statuses.push(response.status);
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, client) => askOneByOne(client)));
    expect(statuses).toEqual(Array.from({ length: 54 }, () => 200));

    // All leases are taken, and the waiting room is full of the greedy key's requests.
    const more = Array.from({ length: 15 }, (_, at) =>
      startLeaver(sluice, { model: 'demo-hang', key: keyOf('third'), at }),
    );
    await untilOccupied(sluice, { running: 30, waiting: 20 });
    const waiting = post(sluice, { model: 'demo-t1', key: keyOf('other') });
    const displaced = async (): Promise<number> =>
      (
        await Promise.all(
          sluice.fleet.ingresses.map(({ managementUrl }) => metric(managementUrl, 'sluice_admission_refusals_total')),
        )
      ).reduce((sum, count) => sum + count);
    await until(async () => (await displaced()) === 55 - 35 + 1, {
      what: 'a waiter of the greedy key to be displaced',
    });
    expect(await occupancy(sluice)).toEqual({ running: 30, waiting: 20 });
    more[0]?.leave();
    expect((await waiting).status).toBe(200);
    for (const { leave } of [...holders, ...more]) leave();
    await untilOccupied(sluice, { running: 0, waiting: 0 });
  });
});
