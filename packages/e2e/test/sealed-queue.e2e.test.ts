import { randomBytes } from 'node:crypto';
import { type ChatJob, encodeFrame, firstRetryState } from '@sluice/protocol';
import { createJobSeal, createSubmitter } from '@sluice/queue';
import { connect, createKeys, type RedisConnection } from '@sluice/redis';
import { afterFile, startRedis, until, untilLogged } from '@sluice/testkit';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice } from './sluice.ts';
import { metric } from './traffic.ts';

const secret = 'a-secret-of-the-operator-0001';
let sluice: Sluice;
let redis: RedisConnection;
let prefix: string;

/** A fleet with its own Redis, and access for a person who can write to that Redis. */
function sceneWith(env: Readonly<Record<string, string>>): void {
  beforeAll(async () => {
    const server = await startRedis();
    afterFile(() => server.stop());
    sluice = await startSluice({ ingresses: 1, workers: 1, env, redis: { url: server.url } });
    redis = connect({
      settings: { kind: 'single', url: server.url },
      role: 'blocking',
      name: 'test',
      onError: () => undefined,
    });
    afterFile(() => redis.disconnect());
    const alive = (await redis.keys('*:alive:*'))[0] ?? '';
    prefix = alive.slice(0, alive.indexOf(':alive:'));
  });
}

/** Returns every value of every key, as text. */
async function everything(): Promise<string> {
  const values = await Promise.all((await redis.keys('*')).map((key) => redis.dumpBuffer(key)));
  return Buffer.concat(values.filter((value) => value !== null)).toString('latin1');
}

async function streamOnce(content: string, model = 'demo-t3', signal?: AbortSignal): Promise<string> {
  const response = await fetch(`${sluice.url()}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...ask(model, content), stream: true }),
    ...(signal === undefined ? {} : { signal }),
  });
  return `${response.status} ${await response.text()}`;
}

const workerUrl = (): string => sluice.fleet.workers[0]?.url ?? '';
const forgedJob = (over: Partial<ChatJob> = {}): ChatJob => ({
  requestId: `forged-${randomBytes(4).toString('hex')}`,
  epoch: 1,
  ingressId: 'absent',
  tenant: 't',
  model: 'demo-t3',
  stream: true,
  operation: 'chat',
  state: firstRetryState,
  ...over,
});

async function putIntoQueue(job: ChatJob, body: string): Promise<void> {
  const submitter = createSubmitter({
    connection: redis,
    keys: createKeys(prefix),
    shards: 1,
    seal: createJobSeal(undefined),
    onMoved: () => undefined,
    onError: () => undefined,
  });
  await submitter.submit({ job, body: Buffer.from(body), deadlineAt: Date.now() + 60_000, ttlMs: 60_000 });
}

const callsWith = async (text: string): Promise<number> =>
  (await sluice.simulator.calls()).filter(({ body }) => body.includes(text)).length;

describe('a fleet with a secret', () => {
  sceneWith({ SLUICE_SECRET_KEY: secret });

  it('keeps prompts out of Redis while they wait and run, and answers once they are read', async () => {
    const client = new AbortController();
    const left = streamOnce('canary-of-a-prompt', 'demo-hang', client.signal).catch(() => 'left');
    await until(async () => (await callsWith('canary-of-a-prompt')) === 1, { what: 'the call' });
    expect(await everything()).not.toContain('canary-of-a-prompt');
    client.abort();
    await left;
    expect(await streamOnce('one more')).toContain('[DONE]');
    await until(async () => !(await everything()).includes('chat.completion.chunk'), {
      what: 'the answer to be dropped',
    });
  });

  it('makes no call for a job that another program wrote, and says so', async () => {
    await putIntoQueue(forgedJob(), JSON.stringify(ask('demo-t3', 'forged-by-somebody')));
    await until(async () => (await metric(workerUrl(), 'sluice_jobs_refused_total')) > 0, { what: 'the refusal' });
    expect(await callsWith('forged-by-somebody')).toBe(0);
    await untilLogged(sluice.fleet.workers[0], /SLUICE_SECRET_KEY.*job refused/);
    expect(await streamOnce('still there?')).toContain('[DONE]');
  });
});

describe('replicas with different secrets', () => {
  it.each([
    { what: 'the worker alone has one', ofIngress: undefined, ofWorker: secret },
    { what: 'the ingress alone has one', ofIngress: secret, ofWorker: undefined },
    { what: 'the worker has another one', ofIngress: secret, ofWorker: 'another-secret-0001' },
  ])('refuse requests at once as a wrong setup: $what', async ({ ofIngress, ofWorker }) => {
    const server = await startRedis();
    afterFile(() => server.stop());
    const env = ofIngress === undefined ? {} : { SLUICE_SECRET_KEY: ofIngress };
    const fleet = await startSluice({ ingresses: 1, workers: 0, redis: { url: server.url }, env });
    sluice = fleet;
    await fleet.fleet.add('worker', { SLUICE_SECRET_KEY: ofWorker });
    const askedAt = performance.now();
    expect(await streamOnce('hello')).toMatch(/^500 .*internal_error/);
    expect(performance.now() - askedAt).toBeLessThan(5000);
    expect(await untilLogged(fleet.fleet.workers[0], 'SLUICE_SECRET_KEY')).not.toContain(secret);
  });
});

describe.each([
  ['without a secret', {}],
  ['with a secret', { SLUICE_SECRET_KEY: secret }],
])('a fleet %s, whatever Redis contains', (_, env) => {
  sceneWith(env);

  it('neither leaks a run nor stops', async () => {
    const bodies = ['', 'no JSON', '[]', 'null', '"text"', '{}', 's1.', '{"messages":7}', '{"messages":[null]}'];
    for (const body of bodies) await putIntoQueue(forgedJob(), body);
    const odd = fc.sample(fc.dictionary(fc.constantFrom(...Object.keys(forgedJob())), fc.jsonValue()), 50);
    const queue = createKeys(prefix).queuePrefix(0);
    for (const [at, over] of odd.entries()) {
      const data = JSON.stringify(at % 2 === 0 ? over : { ...forgedJob(), ...over });
      await redis.hset(`${queue}:chat:odd-${at}`, { name: 'chat', data, opts: '{}', timestamp: '1', atm: '0' });
      await redis.lpush(`${queue}:chat:wait`, `odd-${at}`);
    }
    for (const key of await redis.keys(`${prefix}:mb:*`)) {
      for (const [epoch, data] of fc.sample(fc.tuple(fc.nat(3), fc.string()), 30)) {
        const kinds = ['started', 'holds', 'probe', 'cancel', 'data', 'error', 'disclaims'] as const;
        const kind = kinds[data.length % kinds.length] ?? 'data';
        const frame = encodeFrame({ requestId: 'r', epoch, seq: 0, kind, data });
        await redis.xadd(key, '*', 'o', `absent ${Date.now()}`, 'f', data.length % 3 === 0 ? data : frame);
      }
    }
    expect(await streamOnce('still there?')).toContain('[DONE]');
    await until(async () => (await redis.llen(`${queue}:chat:wait`)) === 0, { what: 'all jobs to be taken' });
    await until(async () => (await metric(workerUrl(), 'sluice_worker_active_jobs')) === 0, {
      what: 'no run to be left',
      timeoutMs: 15_000,
    });
    for (const each of [...sluice.fleet.ingresses, ...sluice.fleet.workers]) {
      expect(each.output()).not.toMatch(/uncaught|unhandled/i);
    }
    await sluice.fleet.workers[0]?.stop();
    expect((await sluice.fleet.workers[0]?.exited)?.code).toBe(0);
  });
});
