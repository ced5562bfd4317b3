import { randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { createTestDatabase, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { apiKey, ask, type Sluice, startSluice } from './sluice.ts';

/** Requests of the comparison of times. With `SLUICE_TIMELINE_REQUESTS=10000`, on a quiet machine, each of them must agree. */
const requestCount = Number(process.env['SLUICE_TIMELINE_REQUESTS'] ?? 260);
const isStrict = process.env['SLUICE_TIMELINE_REQUESTS'] !== undefined;
const atOnce = 2;
const adminKey = 'sk-test-admin-0001';
const narrowKey = 'sk-test-narrow-0001';
const slowedKey = 'sk-test-slowed-0001';

const details = z.object({
  id: z.string(),
  status: z.number(),
  outcome: z.string(),
  blame: z.string().optional(),
  code: z.string().optional(),
  key_name: z.string().optional(),
  timeline: z.object({
    parts: z.array(z.object({ name: z.string(), ms: z.number() })),
    sum_ms: z.number(),
    duration_ms: z.number(),
  }),
});
type Details = z.infer<typeof details>;

interface Kind {
  readonly path?: '/chat/completions' | '/embeddings';
  readonly key?: string;
  readonly body: object;
  /** The client leaves this long after the head of the answer. */
  readonly leavesAfterMs?: number;
  readonly expected: { readonly status: number; readonly outcome: string; readonly blame?: string };
}

const complete = { status: 200, outcome: 'complete' };
const byClient = (status: number, outcome = 'error') => ({ status, outcome, blame: 'client' });
const stream = { stream: true } as const;

/** Requests that end in each part of the way. */
const kinds: Readonly<Record<string, Kind>> = {
  'a short stream': { body: { ...ask('demo-t20-i2'), ...stream }, expected: complete },
  'a slow stream': { body: { ...ask('demo-t8-i40'), ...stream }, expected: complete },
  'a whole answer': { body: ask('demo-t5-i5'), expected: complete },
  'a second attempt': { body: { ...ask('demo-t3-e500-n1'), ...stream }, expected: complete },
  embeddings: { path: '/embeddings', body: { model: 'demo', input: ['one', 'two'] }, expected: complete },
  'a refusal of the provider': { body: ask('demo-e400'), expected: byClient(400) },
  'a failing provider': {
    body: ask('demo-e500'),
    expected: { status: 502, outcome: 'error', blame: 'upstream' },
  },
  'an unknown key': { key: 'sk-unknown-0001', body: ask('demo-t1'), expected: byClient(401) },
  'a model that the key may not use': { key: narrowKey, body: ask('demo-t1'), expected: byClient(403) },
  'an invalid body': { body: { model: 'demo-t1', messages: [] }, expected: byClient(400) },
  'a large body': { body: ask('demo-t1', 'x'.repeat(200_000)), expected: byClient(413) },
  'a key at its rate': { key: slowedKey, body: ask('demo-t1'), expected: byClient(429, 'refused') },
  'a client that leaves': {
    body: { ...ask('demo-t1000-i5'), ...stream },
    leavesAfterMs: 60,
    expected: { status: 499, outcome: 'cancelled' },
  },
};

interface Sent {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly wallMs: number;
}

let sluice: Sluice;
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });

beforeAll(async () => {
  const url = await createTestDatabase();
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey },
        { name: 'admin', key: adminKey, admin: true },
        { name: 'narrow', key: narrowKey, models: ['nothing'] },
        { name: 'slowed', key: slowedKey, limits: { rpm: 1 } },
      ],
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-sim-a' }] },
      ],
      server: { max_body_bytes: 100_000 },
      retry: { base_delay_ms: 1, max_delay_ms: 5, max_attempts: 2 },
      circuit: { failures: 100_000 },
      database: { url },
    }),
  });
  await send('the first request', { key: slowedKey, body: ask('demo-t1'), expected: complete });
});

/**
 * Sends a request and measures the time from its first byte to the last byte of the answer, or to the departure of the client,
 * on the client's own monotonic clock. The connection is over loopback and open already, for all but the first requests.
 */
function send(name: string, kind: Kind): Promise<Sent> {
  const id = randomUUID();
  const content = JSON.stringify(kind.body);
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  let isOver = false;
  const outgoing = httpRequest(`${sluice.url()}${kind.path ?? '/chat/completions'}`, {
    method: 'POST',
    agent,
    headers: {
      authorization: `Bearer ${kind.key ?? apiKey}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(content),
      'x-request-id': id,
    },
  });
  const startedAt = performance.now();
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    resolve({ id, name, kind, wallMs: performance.now() - startedAt });
  };
  outgoing.on('error', (error) => {
    if (!isOver) reject(error);
  });
  outgoing.on('response', (response) => {
    response.on('error', () => undefined);
    response.on('end', over);
    response.resume();
    if (kind.leavesAfterMs === undefined) return;
    setTimeout(() => {
      over();
      outgoing.destroy();
    }, kind.leavesAfterMs);
  });
  outgoing.end(content);
  return promise;
}

const admin = (path: string, key = adminKey): Promise<Response> =>
  fetch(`${sluice.fleet.urls[0]}/admin${path}`, { headers: { authorization: `Bearer ${key}` } });

/** Returns the record of a request once it is written. */
async function recordOf(id: string): Promise<Details> {
  const found = await until(
    async () => {
      const response = await admin(`/requests/${id}`);
      return response.status === 200 && details.parse(await response.json());
    },
    { what: `the record of ${id}`, timeoutMs: 20_000 },
  );
  return found;
}

/** Sends these requests, a few at once. */
async function sendAll(names: readonly string[]): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const left = [...names];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) {
        const kind = kinds[name];
        if (kind !== undefined) sent.push(await send(name, kind));
      }
    }),
  );
  return sent;
}

describe('the records of mixed requests', () => {
  it.each(Object.entries(kinds))('tell the end of %s, and who caused it', async (name, kind) => {
    const { status, outcome, blame } = await recordOf((await send(name, kind)).id);
    expect({ status, outcome, ...(blame !== undefined && outcome !== 'cancelled' && { blame }) }).toEqual(
      kind.expected,
    );
  });

  it("have parts that add up to the client's time, within 2 ms or 2 %", async ({ annotate }) => {
    const names = Object.keys(kinds);
    const sent = await sendAll(Array.from({ length: requestCount }, (_, at) => names[at % names.length] ?? ''));
    const gaps = new Map<string, number[]>(names.map((name) => [name, []]));
    for (const each of sent) {
      const { timeline } = await recordOf(each.id);
      const parts = timeline.parts.reduce((sum, { ms }) => sum + ms, 0);
      expect(Math.abs(parts - timeline.sum_ms)).toBeLessThan(0.01);
      gaps.get(each.name)?.push(Math.abs(timeline.sum_ms - each.wallMs) / Math.max(2, 0.02 * each.wallMs));
    }
    const close = [...gaps.values()].flat().filter((gap) => gap <= 1).length;
    await annotate(`${close} of ${sent.length} sums are close`);
    // A part that is missing is missing from each request of its kind. A busy machine delays some of them between the two processes.
    for (const [name, all] of gaps) expect(Math.min(...all), name).toBeLessThanOrEqual(1);
    if (isStrict) expect(close).toBe(sent.length);
  }, 3_600_000);
});

describe('the pages for administrators', () => {
  it.each(['status', 'health'])('show in /%s that database and outbox keep up', async (page) => {
    const shown = z.object({
      database: z.object({ status: z.string(), answer_ms: z.number().nullable() }),
      outbox: z.object({ ledger: z.object({ batches: z.number() }) }).optional(),
    });
    const read = async () => {
      const headers = { authorization: `Bearer ${adminKey}` };
      const response = await fetch(`${sluice.fleet.urls[0]}/${page}`, { headers });
      return shown.parse(await response.json());
    };
    await until(async () => (await read()).outbox?.ledger.batches === 0, { what: 'an empty outbox' });
    expect((await read()).database.status).toBe('ok');
  });

  it('are closed to other keys', async () => {
    for (const path of ['/requests', '/requests/x', '/usage', '/usage/upstreams']) {
      expect([(await admin(path, apiKey)).status, (await admin(path, 'sk-unknown-0001')).status]).toEqual([403, 403]);
    }
  });

  it('find requests by key, status and text, page by page', async () => {
    const list = z.object({ data: z.array(z.object({ id: z.string() })), next: z.string().nullable() });
    const sent = await sendAll(Array.from({ length: 5 }, () => 'an invalid body'));
    for (const { id } of sent) await recordOf(id);
    const ids: string[] = [];
    let after = '';
    do {
      const query = `key=test&status=4xx&error=messages&limit=2${after}`;
      const page = list.parse(await (await admin(`/requests?${query}`)).json());
      ids.push(...page.data.map(({ id }) => id));
      after = page.next === null || ids.length > 20 ? '' : `&after=${page.next}`;
    } while (after !== '');
    expect(ids).toEqual(expect.arrayContaining(sent.map(({ id }) => id)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refuse unknown parameters and wrong values', async () => {
    for (const query of ['modle=x', 'status=abc', 'limit=0', 'from=yesterday', 'after=x', 'min_cost_usd=-1']) {
      const response = await admin(`/requests?${query}`);
      expect([query, response.status]).toEqual([query, 400]);
    }
    expect((await admin('/requests/unknown')).status).toBe(404);
    expect((await admin('/usage?group_by=tag,session')).status).toBe(400);
  });

  it('sum usage as JSON and as CSV', async () => {
    await until(
      async () => {
        const { data } = z
          .object({ data: z.array(z.object({ key: z.string(), requests: z.number() })) })
          .parse(await (await admin('/usage?group_by=key,day')).json());
        return data.length > 0;
      },
      { what: 'usage', timeoutMs: 20_000 },
    );
    const csv = await admin('/usage?group_by=model&format=csv');
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(await csv.text()).toMatch(
      /^model,requests,failed,input_tokens,output_tokens,cost_micros,cost_usd\r\n.*demo/,
    );
  });
});
