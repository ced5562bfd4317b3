import { connect, type RedisConnection } from '@sluice/redis';
import { type RequestEntry, requestEntrySchema } from '@sluice/records';
import { afterFile, type RedisServer, startRedis, until } from '@sluice/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice, upstream } from './sluice.ts';
import { untilBusy, untilOccupied } from './traffic.ts';

const leaseMs = 2000;
let sluice: Sluice;
let server: RedisServer;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  afterFile(() => server.stop());
  redis = connect({
    settings: { kind: 'single', url: server.url },
    role: 'blocking',
    name: 'test',
    onError: () => undefined,
  });
  afterFile(() => redis.disconnect());
  sluice = await startSluice({
    ingresses: 3,
    workers: 2,
    redis: { url: server.url },
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey, owner: 'ann', tags: ['own'] },
        { name: 'other', key: 'sk-test-other-0001' },
        { name: 'one', key: 'sk-test-limited-0001', limits: { concurrency: 1 } },
      ],
      upstreams: [upstream('sim', simulatorUrl), upstream('gone', 'http://127.0.0.1:1')],
      models: [
        { id: 'gone', targets: [{ upstream: 'gone' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
      limits: {
        max_concurrent_requests: 2,
        default_key_concurrency: 2,
        queue_size: 2,
        max_queue_wait_ms: 8000,
        lease_ms: leaseMs,
      },
      server: { drain_timeout_ms: 1000 },
      retry: { max_attempts: 2, base_delay_ms: 10 },
      // Nothing listens there, so that the ledger stays in Redis.
      database: { url: 'postgres://none:nothing@127.0.0.1:1/none' },
    }),
  });
});
beforeEach(() => sluice.simulator.reset());
afterEach(() => {
  for (const one of sent.splice(0)) one.leave();
});

let count = 0;
const sent: Sent[] = [];
interface Sent {
  readonly tag: string;
  readonly answer: Promise<{ readonly status: number; readonly text: string } | undefined>;
  leave(): void;
}

/** Sends a request whose tag is its own. */
function send(model: string, { key = apiKey, at = 0, stream = false } = {}): Sent {
  const tag = `t${count++}`;
  const controller = new AbortController();
  const response = fetch(`${sluice.url(at)}/chat/completions`, {
    method: 'POST',
    signal: controller.signal,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'x-sluice-tags': tag,
      'x-session-id': 's1',
      'user-agent': 'opencode/1',
    },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
  });
  const answer = response
    .then(async (head) => ({ status: head.status, text: await head.text() }))
    .catch(() => undefined);
  const request = { tag, answer, leave: () => controller.abort() };
  sent.push(request);
  return request;
}

async function entries(): Promise<RequestEntry[]> {
  const [name] = await redis.keys('*{adm}:ledger');
  if (name === undefined) return [];
  const stored = await redis.xrange(name, '-', '+');
  return stored.map(([, [, text = '']]) => requestEntrySchema.parse(JSON.parse(text)));
}
const entriesOf = async ({ tag }: Sent): Promise<RequestEntry[]> =>
  (await entries()).filter(({ tags }) => tags.includes(tag));

/** Resolves to the one entry of a request. */
const entryOf = (sent: Sent): Promise<RequestEntry> =>
  until(async () => (await entriesOf(sent))[0] ?? false, { what: `the entry of ${sent.tag}`, timeoutMs: 20_000 });

const untilOpen = (calls: number): Promise<unknown> =>
  until(async () => (await sluice.simulator.stats()).open === calls, { what: `${calls} calls to be open` });

describe('the ledger has one entry of a request', () => {
  it('that is answered', async () => {
    const one = send('demo-t5', { stream: true });
    expect((await one.answer)?.status).toBe(200);
    const entry = await entryOf(one);
    expect(entry).toMatchObject({
      keyName: 'test',
      owner: 'ann',
      tags: ['own', one.tag],
      sessionId: 's1',
      agent: 'opencode',
      operation: 'chat',
      model: 'demo-t5',
      servedModel: 'demo-t5',
      upstream: 'sim',
      stream: true,
      outcome: 'complete',
      status: 200,
      attempts: 1,
      outputTokens: 5,
      estimated: false,
      settledBy: 'ingress',
    });
    expect(entry.ttftMs).toBeGreaterThanOrEqual(entry.queueWaitMs ?? Infinity);
    expect(entry.endedAt).toBeGreaterThanOrEqual(entry.acceptedAt);
  });

  it('that fails', async () => {
    const one = send('gone');
    expect((await one.answer)?.status).toBe(502);
    expect(await entryOf(one)).toMatchObject({ outcome: 'error', status: 502, attempts: 2 });
  });

  it('whose client leaves', async () => {
    const one = send('demo-t100000-i20', { stream: true });
    await untilOpen(1);
    one.leave();
    expect(await entryOf(one)).toMatchObject({
      outcome: 'cancelled',
      status: 499,
      code: 'request_cancelled',
      attempts: 1,
    });
  });

  it('that leaves the waiting room in any way, and none of one that is refused', async () => {
    const running = [0, 1].map(() => send('demo-t100000-i20', { stream: true }));
    await untilOccupied(sluice, { running: 2, waiting: 0 });
    const left = send('demo-t1');
    await untilOccupied(sluice, { running: 2, waiting: 1 });
    const displaced = send('demo-t1');
    await untilOccupied(sluice, { running: 2, waiting: 2 });
    left.leave();
    expect(await entryOf(left)).toMatchObject({ outcome: 'cancelled', status: 499, attempts: 0, inputTokens: 0 });
    await untilOccupied(sluice, { running: 2, waiting: 1 });
    const late = send('demo-t1', { at: 1 });
    await untilOccupied(sluice, { running: 2, waiting: 2 });
    const refused = send('demo-t1');
    expect((await refused.answer)?.status).toBe(503);
    const winner = send('demo-t1', { key: 'sk-test-other-0001' });
    expect(await entryOf(late)).toMatchObject({
      outcome: 'error',
      status: 503,
      code: 'server_overloaded',
      attempts: 0,
    });
    const [tooLate, other] = await Promise.all([entryOf(displaced), entryOf(winner)]);
    expect(tooLate).toMatchObject({ outcome: 'error', status: 503, code: 'queue_timeout', estimated: false });
    expect(other).toMatchObject({ keyName: 'other', code: 'queue_timeout' });
    for (const one of running) one.leave();
    for (const one of running) await entryOf(one);
    expect(await entriesOf(refused)).toEqual([]);
  });

  it('whose worker is killed', async () => {
    const one = send('demo-t20-i50', { stream: true });
    await untilOpen(1);
    (await untilBusy(sluice)).kill('SIGKILL');
    expect((await one.answer)?.status).toBe(200);
    expect(await entryOf(one)).toMatchObject({ outcome: 'complete', estimated: true, attempts: 2 });
    await sluice.fleet.add('worker');
  });

  it('whose Redis is restarted', async () => {
    const one = send('demo-t60-i50', { stream: true });
    await untilOpen(1);
    await server.kill();
    await server.restart();
    await one.answer;
    expect(await entryOf(one)).toMatchObject({ settledBy: 'ingress' });
  });

  it('whose ingress is killed, within one lease: the fleet settles it', async () => {
    const one = send('demo-t100000-i20', { stream: true, at: 2 });
    await untilOpen(1);
    const killedAt = performance.now();
    sluice.fleet.ingresses[2]?.kill('SIGKILL');
    const entry = await entryOf(one);
    // Its lease ends, and the next look at the open entries follows within a second.
    expect(performance.now() - killedAt).toBeLessThan(leaseMs + 2000);
    expect(entry).toMatchObject({ outcome: 'lost', settledBy: 'fleet', estimated: true });
  });

  it('that a stopping ingress ends', async () => {
    const one = send('demo-t100000-i20', { stream: true, at: 1 });
    await untilOpen(1);
    sluice.fleet.ingresses[1]?.kill('SIGTERM');
    await one.answer;
    expect((await entryOf(one)).outcome).not.toBe('complete');
  });

  it('and no other entry, and no entry stays open', async () => {
    const [open] = await redis.keys('*{adm}:open');
    expect(open === undefined ? 0 : await redis.hlen(open)).toBe(0);
    // After the restart of Redis the last entries were added again: a fail-over could have lost them.
    const byId = Map.groupBy(await entries(), ({ id }) => id);
    for (const [first, ...more] of byId.values()) for (const one of more) expect(one).toEqual(first);
    expect(byId.size).toBe(count - 1);
  });
});
