import { Agent, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type ServiceProcess, type SseAnswer, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, ask as bodyOf, type Sluice, startSluice } from './sluice.ts';
import { metric, openStream, post, readAnswer, refusalOf, tokensOf } from './traffic.ts';

const keys = [{ name: 'test', key: apiKey }];
const timedExit = async (service: ServiceProcess): Promise<{ code: number | null; afterMs: number }> => {
  const askedAt = performance.now();
  service.kill('SIGTERM');
  const { code } = await service.exited;
  return { code, afterMs: performance.now() - askedAt };
};

/** A stream whose first text has arrived; `finished` reads the remainder. */
async function begun(
  sluice: Sluice,
  model: string,
  at = 0,
): Promise<{ answer: SseAnswer; finished: Promise<unknown> }> {
  const answer = await openStream(sluice, { model, content: 'rid=x', at });
  const finished = answer.finish();
  await until(() => readAnswer(answer).text !== '', { what: 'the first text' });
  return { answer, finished };
}

describe('an ingress with a stop signal', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ ingresses: 2, workers: 1, config: { keys } });
  });

  it('turns unready, ends its streams whole, refuses new connections, and exits', async () => {
    const [draining] = sluice.fleet.ingresses;
    if (draining === undefined) throw new Error('no ingress');
    const idle = new Agent({ keepAlive: true });
    const kept = new Agent({ keepAlive: true });
    const streaming = new Agent({ keepAlive: true });
    const [first, second] = await Promise.all([
      begun(sluice, 'demo-t250-i20'),
      openOn(streaming, draining.url, 'demo-t100-i20'),
      ask(idle, draining.url),
      ask(kept, draining.url),
    ]);
    const closed = once(second.socket, 'close');
    const exit = timedExit(draining);
    await until(async () => (await ask(idle, draining.url)).status === 503, { what: 'the ingress to be unready' });
    // A client that still uses this ingress is served, and its connection ends with the answer.
    const unaware = await post(sluice, { model: 'demo-t1', at: 0 });
    expect([unaware.status, unaware.headers.get('connection')]).toEqual([200, 'close']);
    const isRefused = (): Promise<boolean> =>
      ask(new Agent(), draining.url).then(
        () => false,
        (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED',
      );
    await until(isRefused, { what: 'new connections to be refused' });
    const late = await ask(kept, draining.url, '/v1/chat/completions');
    expect(late.status).toBe(503);
    expect(late.headers).toMatchObject({ 'retry-after': '1', connection: 'close' });
    // A stream that began before the stop closes its connection: a next request can't arrive there.
    await closed;
    expect(second.headers.connection).toBe('keep-alive');
    await first.finished;
    expect(readAnswer(first.answer)).toEqual({ text: tokensOf('x', 250), isDone: true, errorCode: undefined });
    const { code, afterMs } = await exit;
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(10_000);
    expect((await post(sluice, { model: 'demo-t1', at: 1 })).status).toBe(200);
    idle.destroy();
    kept.destroy();
  });
});

describe('an ingress with a drain time that covers its longest answer', () => {
  it('serves requests on its open connections, and ends these', async () => {
    const [draining] = sluice.fleet.ingresses;
    if (draining === undefined) throw new Error('no ingress');
    const streaming = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await openOn(streaming, draining.url, 'demo-t200-i20');
    const exit = timedExit(draining);
    const isRefused = (): Promise<boolean> =>
      ask(new Agent(), draining.url).then(
        () => false,
        () => true,
      );
    await until(isRefused, { what: 'new connections to be refused' });
    // It waits for the connection of the first one.
    const second = openOn(streaming, draining.url, 'demo-t2');
    expect((await text(first)).trim()).toMatch(/\[DONE\]$/);
    expect((await second).headers.connection).toBe('close');
    expect((await text(await second)).trim()).toMatch(/\[DONE\]$/);
    expect((await exit).code).toBe(0);
  });

  let sluice: Sluice;
  beforeAll(async () => {
    const config = { keys, timeouts: { total_ms: 20_000 }, limits: { max_queue_wait_ms: 1000 } };
    sluice = await startSluice({ ingresses: 1, workers: 1, config });
  });
});

describe('an ingress whose streams outlast the drain time', () => {
  it('ends them in an error, and gives their leases back', async () => {
    const [draining] = sluice.fleet.ingresses;
    if (draining === undefined) throw new Error('no ingress');
    const { answer, finished } = await begun(sluice, 'demo-t100000-i20');
    const { code, afterMs } = await timedExit(draining);
    await finished;
    expect(code).toBe(0);
    expect(afterMs).toBeGreaterThanOrEqual(990);
    expect(afterMs).toBeLessThan(6000);
    expect(readAnswer(answer)).toMatchObject({ isDone: false, errorCode: 'draining' });
    await until(
      async () => (await metric(sluice.fleet.ingresses[1]?.managementUrl ?? '', 'sluice_leases_in_use')) === 0,
      {
        what: 'the lease to be free',
      },
    );
    expect((await sluice.simulator.stats()).open).toBe(0);
  });

  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ ingresses: 2, workers: 1, config: { keys }, env: { DRAIN_TIMEOUT_MS: '1000' } });
  });
});

describe('a worker with a stop signal', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ ingresses: 1, workers: 2, config: { keys, worker: { concurrency: 4 } } });
  });

  it('ends its answers whole and takes no more runs; the others take new ones', async () => {
    const running = await Promise.all(Array.from({ length: 6 }, () => begun(sluice, 'demo-t60-i20')));
    const [draining] = sluice.fleet.workers;
    if (draining === undefined) throw new Error('no worker');
    const exit = timedExit(draining);
    const queued = await Promise.all(
      Array.from({ length: 6 }, () => post(sluice, { model: 'demo-t3', content: 'rid=y' })),
    );
    expect(queued.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    await Promise.all(running.map(({ finished }) => finished));
    for (const { answer } of running) {
      expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 60), isDone: true, errorCode: undefined });
    }
    const { code, afterMs } = await exit;
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(10_000);
  });
});

describe('a fleet without a worker', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: { keys, limits: { max_queue_wait_ms: 1000 } },
    });
  });

  it('lets a request wait for its full time, then refuses it with a time to retry', async () => {
    const [worker] = sluice.fleet.workers;
    await worker?.stop();
    const refusal = await refusalOf(await post(sluice, { model: 'demo-t1' }));
    expect(refusal).toMatchObject({ status: 503, code: 'queue_timeout' });
    expect(refusal.headers.get('retry-after')).not.toBeNull();
  });
});

/** Sends a request over a keep-alive connection. */
async function ask(
  agent: Agent,
  origin: string,
  path = '/readyz',
): Promise<{ status: number; headers: Readonly<Record<string, unknown>> }> {
  const outgoing = request(origin + path, {
    agent,
    method: path === '/readyz' ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode ?? 0, headers: response.headers };
}

/** Starts a stream on a connection of this agent; resolves once its head is there. */
async function openOn(agent: Agent, origin: string, model: string): Promise<IncomingMessage> {
  const outgoing = request(`${origin}/v1/chat/completions`, {
    agent,
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
  });
  outgoing.end(JSON.stringify({ ...bodyOf(model, 'rid=y'), stream: true }));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}
