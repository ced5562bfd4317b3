import { until } from '@sluice/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { upstream } from '../sluice.ts';
import { callsOf, openStream, readAnswer, tokensOf } from '../traffic.ts';
import { askMany, askOne } from './ask.ts';
import { addedLag, coolingAt, ofWorkers, readPaced, watchMemory } from './measure.ts';
import { outcomesOf, type Scene, useScene } from './scene.ts';

const retry = { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 };
/** Circuits stay closed: these tests are about credentials and calls. */
const circuit = { failures: 10_000, window_ms: 2000 };

/** One ingress and two workers, so that one worker must learn what the other has met. */
const useTwoWorkers = (config: (simulatorUrl: string) => object): (() => Scene) =>
  useScene({ ingresses: 1, workers: 2, config: (simulatorUrl) => ({ retry, circuit, ...config(simulatorUrl) }) });

describe('F21 an upstream refuses, resets, hangs or stops', () => {
  const idleMs = 600;
  const scene = useTwoWorkers((simulatorUrl) => ({
    timeouts: { first_token_ms: idleMs, idle_ms: idleMs, total_ms: 20_000 },
    upstreams: [
      upstream('sim', simulatorUrl),
      upstream('broken', simulatorUrl),
      // No process listens on the port of tcpmux.
      { ...upstream('refusing', simulatorUrl), base_url: 'http://127.0.0.1:1/v1' },
    ],
    models: [
      ...['broken', 'refusing'].map((id) => ({
        id: `${id}-*`,
        targets: [
          { upstream: id, priority: 1 },
          { upstream: 'sim', priority: 2 },
        ],
      })),
      { id: '*', targets: [{ upstream: 'sim' }] },
    ],
  }));
  beforeEach(() => scene().simulator.reset());

  it('by refusing all connections: another serves the request', async () => {
    expect(await askOne(scene(), { model: 'refusing', tokens: 10 })).toMatchObject({ outcome: 'complete' });
    expect((await scene().simulator.stats()).total).toBe(1);
  });

  it.each(['resetearly', 'resethead', 'hang', 'stall-k0', 'half-k0', 'cut-k0'])(
    'before its first token, with %s: another serves the request',
    async (fault) => {
      await scene().simulator.script([{ match: { credential: 'tok-broken-a' }, directives: fault }]);
      const asked = await askOne(scene(), { model: 'broken', tokens: 10 });
      expect(asked.outcome).toBe('complete');
      expect(asked.longestGapMs).toBeLessThan(idleMs + 500);
      // A connection that was used before may be closed by then: that request is sent once more on a fresh one.
      expect([1, fault === 'resetearly' ? 2 : 1]).toContain(await callsOf(scene(), 'broken-a'));
      expect(await callsOf(scene(), 'sim-a')).toBe(1);
    },
  );

  it.each(['reset', 'close', 'half', 'cut', 'stall'])(
    'in the middle of its answer, with %s: the answer is resumed',
    async (fault) => {
      const asked = await askOne(scene(), { model: `demo-i5-${fault}-k8-n1`, tokens: 20 });
      expect(asked.outcome).toBe('complete');
      expect(asked.longestGapMs).toBeLessThan(idleMs + 500);
      expect(await callsOf(scene(), 'sim-a')).toBe(2);
    },
  );

  it.each(['reset', 'close', 'half', 'cut', 'stall'])(
    'in the middle of its answer, with %s, and a different next answer: an error event',
    async (fault) => {
      const asked = await askOne(scene(), { model: `demo-i5-drift-${fault}-k8-n1`, tokens: 20 });
      expect(asked).toMatchObject({ outcome: 'error event', code: 'upstream_truncated' });
      expect(asked.text).not.toBe('');
      expect(asked.longestGapMs).toBeLessThan(idleMs + 500);
      expect(await callsOf(scene(), 'sim-a')).toBe(2);
    },
  );

  it('always: the number of attempts stays within the policy', async () => {
    const faults = ['resetearly', 'hang', 'half-k0', 'reset-k4', 'half-k4'];
    const asked = await Promise.all(faults.map((fault) => askOne(scene(), { model: `demo-i5-${fault}`, tokens: 20 })));
    expect(asked.map(({ outcome }) => outcome)).toEqual([
      'http error',
      'http error',
      'http error',
      'error event',
      'error event',
    ]);
    // One more on a fresh connection, if the last attempt of `resetearly` meets a connection that was closed before.
    expect(await callsOf(scene(), 'sim-a')).toBeLessThanOrEqual(faults.length * retry.max_attempts + 1);
  });

  it('after its last token, without [DONE]: the answer is whole', async () => {
    expect(await askOne(scene(), { model: 'demo-nodone', tokens: 20 })).toMatchObject({ outcome: 'complete' });
    expect(await callsOf(scene(), 'sim-a')).toBe(1);
    await scene().expectInvariants({ maxCalls: retry.max_attempts });
  });
});

describe('F22 an upstream limits the rate of a credential', () => {
  // Longer than four renderings of the metrics pages of both workers.
  const cooldownMs = 6000;
  const scene = useTwoWorkers((simulatorUrl) => ({
    retry: { ...retry, max_attempts: 4 },
    timeouts: { total_ms: 1500, first_token_ms: 1500 },
    upstreams: ['sim', 'dry'].map((id) => upstream(id, simulatorUrl, ['a', 'b'])),
    models: [
      { id: 'dry-*', targets: [{ upstream: 'dry' }] },
      { id: '*', targets: [{ upstream: 'sim' }] },
    ],
  }));
  beforeEach(() => scene().simulator.reset());

  it('which is in cooldown for that time on all workers, while the other is used', async () => {
    await scene().simulator.script([
      { match: { credential: 'tok-sim-a' }, times: 1, directives: `e429-rms${cooldownMs}` },
    ]);
    await until(
      async () => {
        await askOne(scene(), { model: 'demo-f50', tokens: 2 });
        return (await callsOf(scene(), 'sim-a')) === 1;
      },
      { what: 'the turn of the credential' },
    );
    expect(await coolingAt(scene(), 'sim')).toEqual([1, 1]);
    const before = await ofWorkers(scene(), 'sluice_upstream_attempts_total');
    expect(outcomesOf(await askMany(scene(), 60, { model: 'demo-f50', tokens: 2 }))).toEqual({ complete: 60 });
    expect(await callsOf(scene(), 'sim-a')).toBe(1);
    // Both workers used it, and only one of them met the limit.
    const after = await ofWorkers(scene(), 'sluice_upstream_attempts_total');
    for (const [at, attempts] of after.entries()) expect(attempts).toBeGreaterThan(before[at] ?? NaN);

    await until(
      async () => {
        await askOne(scene(), { model: 'demo-f50', tokens: 2 });
        return (await callsOf(scene(), 'sim-a')) > 1;
      },
      { what: 'the credential to be used again', timeoutMs: cooldownMs + 2000 },
    );
    const calls = (await scene().simulator.calls()).filter(({ credential }) => credential === 'tok-sim-a');
    const cooledDownMs = (calls[1]?.startedAt.clockMs ?? 0) - (calls[0]?.endedAt?.clockMs ?? 0);
    expect(cooledDownMs).toBeGreaterThanOrEqual(cooldownMs - 5);
    expect(cooledDownMs).toBeLessThan(cooldownMs + 500);
  });

  it('and clients get the shortest wait when all credentials are in cooldown', async () => {
    await scene().simulator.script([
      { match: { credential: 'tok-dry-a' }, directives: 'e429-r4' },
      { match: { credential: 'tok-dry-b' }, directives: 'e429-r3' },
    ]);
    expect(await askOne(scene(), { model: 'dry', tokens: 2 })).toMatchObject({
      status: 429,
      code: 'upstream_rate_limited',
    });
    expect(await coolingAt(scene(), 'dry')).toEqual([2, 2]);
    const refused = await askMany(scene(), 20, { model: 'dry', tokens: 2 });
    expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(
      new Set(['429 upstream_rate_limited']),
    );
    const { headers } = await openStream(scene(), { model: 'dry-t2', content: 'rid=r9000x' });
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(2);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(3);
    expect((await scene().simulator.stats()).total).toBe(2);
    await scene().expectInvariants();
  });
});

describe('F23 an upstream does not accept a credential', () => {
  const scene = useTwoWorkers((simulatorUrl) => ({
    upstreams: ['sim', 'refused', 'forbidden'].map((id) => upstream(id, simulatorUrl, ['a', 'b'])),
    models: [
      ...['refused', 'forbidden'].map((id) => ({ id: `${id}-*`, targets: [{ upstream: id }] })),
      { id: '*', targets: [{ upstream: 'sim' }] },
    ],
  }));

  it('which is in cooldown on all workers, unseen by clients, and is tried again later', async () => {
    await scene().simulator.script([
      { match: { credential: 'tok-refused-a' }, times: 1, directives: 'e401' },
      { match: { credential: 'tok-forbidden-a' }, times: 1, directives: 'e403' },
    ]);
    const ids = ['refused', 'forbidden'];
    await Promise.all(ids.map(meet));
    for (const id of ids) expect(await coolingAt(scene(), id)).toEqual([1, 1]);
    const asked = await Promise.all([...ids, 'demo'].map((model) => askMany(scene(), 30, { model, tokens: 5 })));
    expect(outcomesOf(asked.flat())).toEqual({ complete: 90 });
    for (const id of ids) expect(await callsOf(scene(), `${id}-a`)).toBe(1);
    // The metrics for alerts count each event once, over all workers.
    const cooldowns = await ofWorkers(scene(), 'sluice_credential_cooldowns_total');
    expect(cooldowns.reduce((sum, value) => sum + value, 0)).toBe(2);

    await until(async () => (await coolingAt(scene(), 'refused')).every((cooling) => cooling === 0), {
      what: 'its cooldown to end',
      timeoutMs: 12_000,
    });
    await Promise.all(ids.map((id) => meet(id, 2)));
    await scene().expectInvariants();
  });

  /** Sends requests until the first credential has this number of calls. */
  async function meet(id: string, calls = 1): Promise<void> {
    await until(
      async () => {
        expect(await askOne(scene(), { model: id, tokens: 2 })).toMatchObject({ outcome: 'complete' });
        return (await callsOf(scene(), `${id}-a`)) >= calls;
      },
      { what: `the first credential of ${id} to be used` },
    );
  }
});

describe('F24 an upstream answers nonsense with status 200', () => {
  const largestEvent = 8 * 1024 * 1024;
  const scene = useScene({
    ingresses: 1,
    workers: 1,
    config: { retry, circuit, worker: { max_event_bytes: largestEvent } },
  });
  beforeEach(() => scene().simulator.reset());

  it.each([
    ['an error inside the stream', 'errev-k0', 'upstream_error'],
    ['a page', 'html', 'upstream_malformed'],
    ['an event that is not JSON', 'badjson-k0', 'upstream_malformed'],
    ['an event of 100 MB', 'huge100-k0', 'upstream_malformed'],
  ])('as %s: an error that says so', async (_what, fault, code) => {
    const [worker] = scene().fleet.workers;
    if (worker === undefined) throw new Error('there is no worker');
    const memoryGrowth = watchMemory(worker);
    expect(await askOne(scene(), { model: `demo-${fault}`, tokens: 5 })).toMatchObject({ status: 502, code });
    expect(memoryGrowth()).toBeLessThan(100);
  });

  it('once, in the middle: the answer is resumed', async () => {
    for (const fault of ['errev', 'badjson', 'huge100']) {
      expect(await askOne(scene(), { model: `demo-i5-${fault}-k5-n1`, tokens: 20 })).toMatchObject({
        outcome: 'complete',
      });
    }
  });

  it('as bytes that are not UTF-8: they never reach a client unchanged', async () => {
    const answer = await openStream(scene(), { model: 'demo-badutf8-k2-t6', content: 'rid=r9000x' });
    expect(await answer.finish()).toBe('whole');
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(answer.bytes)).not.toThrow();
    await scene().expectInvariants({ maxCalls: retry.max_attempts });
  });
});

describe('F25 an upstream sends as fast as it can', () => {
  const scene = useScene({ ingresses: 1, workers: 1 });

  it.each([
    ['and pauses for 20 µs', 'demo-u20', 150_000, 9000],
    ['and never pauses', 'demo', 200_000, 9100],
  ])(
    '%s: the worker stays small, other streams are on time, and the client gets it all',
    async (_, model, tokens, number) => {
      const [worker] = scene().fleet.workers;
      if (worker === undefined) throw new Error('there is no worker');
      await readPaced(scene(), { number, tokens: 20, everyMs: 20 });
      const memoryGrowth = watchMemory(worker);
      const answer = await openStream(scene(), { model: `${model}-t${tokens}`, content: `rid=r${number + 1}x` });
      const flooded = answer.finish();
      const beside = await readPaced(scene(), { number: number + 2, tokens: 120, everyMs: 20 });
      await flooded;
      expect(beside.isWhole).toBe(true);
      expect(addedLag([beside])).toBeLessThan(100);
      expect(memoryGrowth()).toBeLessThan(200);
      const { text, isDone } = readAnswer(answer);
      // Not compared by the test runner, which would print megabytes.
      expect({ isDone, isSame: text === tokensOf(`r${number + 1}x`, tokens) }).toEqual({ isDone: true, isSame: true });
    },
  );

  it('and the fleet still serves', async () => {
    expect(outcomesOf(await askMany(scene(), 20, { tokens: 5 }))).toEqual({ complete: 20 });
    await scene().expectInvariants();
  });
});
