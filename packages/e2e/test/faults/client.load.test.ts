import { connect, type Socket } from 'node:net';
import { until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { apiKey, ask as bodyOf } from '../sluice.ts';
import { metric, openStream, post, tokensOf, untilOccupied } from '../traffic.ts';
import { startMany } from './ask.ts';
import { addedLag, type Paced, percentile, readPaced, watchMemory } from './measure.ts';
import { allOver, type Asked, outcomesOf, untilAllSpeak, useScene } from './scene.ts';

describe('F19 clients leave', () => {
  const concurrency = 30;
  const longestMs = 250;
  /** One token comes back each second: the remaining tokens show the charge. */
  const keys = [{ name: 'test', key: apiKey, limits: { tpm: 60, tpm_burst: 1_000_000 } }];
  const scene = useScene({ ingresses: 2, workers: 2, config: { keys, worker: { concurrency } } });

  /** Time from each client's leaving to the end of its call. */
  const closedAfterMs: number[] = [];
  /** Time from the last client's leaving to when all leases are free again. */
  const freeAfterMs: number[] = [];

  const ridOf = (body: string): string => /rid=(r\d+x)/.exec(body)?.[1] ?? '';

  /** All clients leave at once; measures the time until nothing is left of their requests. */
  async function leaveAll(leavers: readonly Asked[], running = 0): Promise<void> {
    const leftAt = new Map<string, number>();
    for (const { rid, leave } of leavers) {
      leftAt.set(rid, Date.now());
      leave();
    }
    const lastAt = performance.now();
    await untilOccupied(scene(), { running, waiting: 0 });
    freeAfterMs.push(performance.now() - lastAt);
    await allOver(leavers);
    for (const { body, abortedAt } of await scene().simulator.calls()) {
      const since = leftAt.get(ridOf(body));
      if (since !== undefined && abortedAt !== null) closedAfterMs.push(abortedAt.wallMs - since);
    }
  }

  it('before their job starts: no provider is called', async () => {
    const holders = startMany(scene(), 2 * concurrency, { model: 'demo-hang', tokens: 1 });
    await until(async () => (await scene().simulator.stats()).open === holders.length, {
      what: 'both workers to be full',
    });
    const leavers = startMany(scene(), 100, { tokens: 5 });
    await until(
      async () =>
        (await metric(scene().fleet.ingresses[0]?.managementUrl ?? '', 'sluice_queue_jobs')) ===
        holders.length + leavers.length,
      { what: 'their jobs to be in the queue' },
    );
    await leaveAll(leavers, holders.length);
    expect(outcomesOf(leavers)).toEqual({ left: 100 });
    await leaveAll(holders);
    expect(closedAfterMs).toHaveLength(holders.length);
    const rids = new Set(leavers.map(({ rid }) => rid));
    expect((await scene().simulator.calls()).filter(({ body }) => rids.has(ridOf(body)))).toEqual([]);
  });

  it('in the middle of their answers: they pay for the part that exists', async () => {
    const before = await tokensLeft(9001);
    const asked: Asked[] = [];
    for (let wave = 0; wave < 4; wave++) {
      const leavers = startMany(scene(), 25, { model: 'demo-i20', tokens: 2000 });
      await untilAllSpeak(leavers, 30);
      await leaveAll(leavers);
      asked.push(...leavers);
    }
    expect(outcomesOf(asked)).toEqual({ left: 100 });
    const charged = before.left - before.used - (await tokensLeft(9002)).left;
    const rids = new Set(asked.map(({ rid }) => rid));
    const calls = (await scene().simulator.calls()).filter(({ body }) => rids.has(ridOf(body)));
    const sent = calls.reduce((sum, { tokensSent }) => sum + tokensSent, 0);
    const seen = asked.reduce((sum, { text }) => sum + text.trimEnd().split(' ').length, 0);
    // A prompt counts as a quarter of its bytes, here up to 30 tokens; the tokens on their way are between the bounds.
    expect(charged).toBeGreaterThan(seen);
    expect(charged).toBeLessThan(sent + 30 * asked.length);
  });

  it('at the last chunk: they get nothing after it', async () => {
    const asked: Asked[] = [];
    // The end does not arrive, or arrives at the same time.
    for (const model of ['demo-i5-stall-k20', 'demo-i5-stall-k20', 'demo-i5-stall-k20', 'demo-i5']) {
      const leavers = startMany(scene(), 25, { model, tokens: 20 });
      await until(() => leavers.every(({ rid, text }) => text === tokensOf(rid, 20)), {
        what: 'all tokens to arrive',
        intervalMs: 1,
      });
      await leaveAll(leavers);
      asked.push(...leavers);
    }
    const { left = 0, complete = 0 } = outcomesOf(asked);
    expect(left).toBeGreaterThanOrEqual(75);
    expect(left + complete).toBe(100);
  });

  it('and everything is closed within 250 ms', async () => {
    expect(closedAfterMs.length).toBeGreaterThanOrEqual(2 * concurrency + 175);
    expect(percentile(closedAfterMs, 0.99)).toBeLessThan(longestMs);
    expect(Math.max(...freeAfterMs)).toBeLessThan(longestMs);
    await scene().expectInvariants();
  });

  /** Returns the tokens that the key has left, and the tokens that this question cost. */
  async function tokensLeft(number: number): Promise<{ left: number; used: number }> {
    const response = await post(scene(), { model: 'demo-t1', content: `rid=r${number}x` });
    const { usage } = (await response.json()) as { readonly usage: { readonly total_tokens: number } };
    await untilOccupied(scene(), { running: 0, waiting: 0 });
    return { left: Number(response.headers.get('x-ratelimit-remaining-tokens')), used: usage.total_tokens };
  }
});

describe('F20 clients that do not read', () => {
  const clients = 16;
  const slowClientBytes = 4 * 1_048_576;
  const slowClientMs = 2000;
  const paddingBytes = 16_384;
  const scene = useScene({
    ingresses: 1,
    workers: 1,
    // A small young generation: memory that only waits for its collection must not count.
    env: { NODE_OPTIONS: '--max-semi-space-size=2' },
    config: {
      server: { pause_at_bytes: 65_536, slow_client_bytes: slowClientBytes, slow_client_ms: slowClientMs },
    },
  });

  it('are disconnected, cost little memory, and slow no other client down', async () => {
    const [ingress] = scene().fleet.ingresses;
    if (ingress === undefined) throw new Error('there is no ingress');
    // The same number of clients that do read runs first, so that their memory is not part of the measurement.
    await Promise.all(Array.from({ length: clients }, (_, each) => readWide(9000 + each)));
    const alone = addedLag(await readAll([9100, 9101, 9102, 9103, 9104]));
    const memoryGrowth = watchMemory(ingress);
    const sockets = Array.from({ length: clients }, (_, each) => openDeafSocket(9200 + each));
    const beside = addedLag(await readAll([9300, 9301, 9302, 9303, 9304]));
    await until(async () => (await metric(ingress.managementUrl, 'sluice_slow_clients_total')) === clients, {
      what: 'all of them to be disconnected',
      timeoutMs: 20_000,
      intervalMs: 50,
    });
    const grownBy = memoryGrowth();
    await until(async () => (await scene().simulator.stats()).open === 0, { what: 'their calls to be closed' });
    const calls = (await scene().simulator.calls()).filter(({ outcome }) => outcome === 'aborted');
    expect(calls).toHaveLength(clients);
    for (const { startedAt, endedAt } of calls) {
      expect((endedAt?.clockMs ?? 0) - startedAt.clockMs).toBeGreaterThan(slowClientMs);
    }
    // The sent text is kept too, in case the upstream breaks; the kernel takes some megabytes of it.
    const sentBytes = calls.reduce((sum, { tokensSent }) => sum + tokensSent * paddingBytes, 0);
    expect(grownBy).toBeLessThan((clients * slowClientBytes + sentBytes) / 1_048_576);
    expect(beside - alone).toBeLessThan(20);
    for (const socket of sockets) socket.destroy();
    await scene().expectInvariants();
  });

  async function readWide(number: number): Promise<void> {
    const answer = await openStream(scene(), { model: `demo-i12-s${paddingBytes}-t300`, content: `rid=r${number}x` });
    expect(await answer.finish()).toBe('whole');
  }

  /** Reads the streams of well-behaved clients. */
  async function readAll(numbers: readonly number[]): Promise<readonly Paced[]> {
    const streams = await Promise.all(
      numbers.map((number) => readPaced(scene(), { number, tokens: 150, everyMs: 20 })),
    );
    expect(streams.every(({ isWhole }) => isWhole)).toBe(true);
    return streams;
  }

  /** Requests more than all buffers of the operating system hold, and never reads a byte of it. */
  function openDeafSocket(number: number): Socket {
    const { hostname, port } = new URL(scene().fleet.urls[0] ?? '');
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.pause();
    const body = JSON.stringify({ ...bodyOf(`demo-i25-s${paddingBytes}-t1000`, `rid=r${number}x`), stream: true });
    socket.write(
      [
        'POST /v1/chat/completions HTTP/1.1',
        'host: sluice',
        `authorization: Bearer ${apiKey}`,
        'content-type: application/json',
        `content-length: ${Buffer.byteLength(body)}`,
        '',
        body,
      ].join('\r\n'),
    );
    return socket;
  }
});
