import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type RedisConnection } from '@sluice/redis';
import {
  afterFile,
  type CallRecord,
  type CollectedSpan,
  type OtlpReceiver,
  spawnService,
  startOtlpReceiver,
  until,
  untilLogged,
  verifies,
} from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { ask, type Sluice, startSluice, textOf } from './sluice.ts';
import { post, refusalOf, startLeaver } from './traffic.ts';

/** A part of every token that the simulator issues here, and of nothing else. */
const canary = 'canaryann';
const secrets = { SLUICE_SECRET_KEY: 'canary-of-the-operator-0001', client: 'canary-of-the-client-0002' };
const workers = 8;
const hourMs = 3_600_000;

const folder = mkdtempSync(join(tmpdir(), 'sluice-iflow-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a login file with a key that iFlow refuses before its end, or that has ended. */
function loginFile(name: string, expiresInMs: number): string {
  const path = join(folder, `${name}.json`);
  const expiry = Date.now() + expiresInMs;
  const content = { apiKey: `sk-sim-${name}.stale`, refresh_token: `rt-${name}`, expiry_date: expiry };
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  return path;
}

const logins = {
  ended: [`${canary}-one`, -1000],
  due: [`${canary}-short-two`, -1000],
  refused: [`${canary}-three`, 100 * hourMs],
  dying: [`${canary}-hang-1-five`, -1000],
  dead: [`${canary}-crowd-four`, -1000],
  leaving: [`${canary}-crowd-1-nokey-2-six`, -1000],
} as const;

let sluice: Sluice;
let collector: OtlpReceiver;
let redis: RedisConnection;

beforeAll(async () => {
  collector = await startOtlpReceiver();
  afterFile(() => collector.close());
  redis = connect({
    settings: { kind: 'single', url: inject('redisUrl') },
    role: 'command',
    name: 'iflow-test',
    onError: () => undefined,
  });
  afterFile(() => redis.disconnect());
  sluice = await startSluice({
    ingresses: 1,
    workers,
    env: { ...collector.env, SLUICE_SECRET_KEY: secrets.SLUICE_SECRET_KEY, LOG_LEVEL: 'trace' },
    config: (simulatorUrl) => ({
      worker: { concurrency: 2 },
      retry: {
        max_attempts: 3,
        base_delay_ms: 5,
        max_delay_ms: 20,
        rate_limit_base_delay_ms: 5,
        rate_limit_max_delay_ms: 20,
        jitter: 0,
      },
      upstreams: [
        account('key', simulatorUrl, { api_key: 'sk-of-the-platform' }),
        ...Object.entries(logins).map(([id, [name, expiresInMs]]) =>
          account(id, simulatorUrl, { oauth_file: loginFile(name, expiresInMs) }),
        ),
      ],
      models: [
        ...Object.keys(logins).map((id) => ({ id: `${id}-*`, targets: [{ upstream: id }] })),
        { id: '*', targets: [{ upstream: 'key' }] },
      ],
    }),
  });
}, 120_000);
beforeEach(() => sluice.simulator.reset());

function account(id: string, simulatorUrl: string, credential: object): object {
  const options = {
    oauth_client_id: 'our-client',
    oauth_client_secret: secrets.client,
    oauth_base_url: `${simulatorUrl}/iflow`,
    cli_headers: true,
  };
  return {
    id,
    type: 'iflow',
    base_url: `${simulatorUrl}/iflow/v1`,
    options,
    credentials: [{ id: 'only', ...credential }],
  };
}

const callsTo = async (path: string): Promise<readonly CallRecord[]> =>
  (await sluice.simulator.calls()).filter((call) => call.path === path);
const chats = (): Promise<readonly CallRecord[]> => callsTo('/iflow/v1/chat/completions');
const renewals = (): Promise<readonly CallRecord[]> => callsTo('/iflow/oauth/token');
const bodyOf = (call: CallRecord | undefined): unknown => JSON.parse(call?.body ?? '');

const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

describe('an answer of iFlow', () => {
  it('streams reasoning and text, whatever its content type', async () => {
    for (const model of ['glm-4.7-q3-t4', 'glm-4.7-octet-q3-t4']) {
      const client = sluice.client();
      const content = 'rid=one';
      const stream = await client.chat.completions.create({
        ...ask(model, content),
        stream: true,
        reasoning_effort: 'high',
      });
      let reasoning = '';
      let text = '';
      for await (const { choices } of stream) {
        const delta = choices[0]?.delta as { content?: string; reasoning_content?: string } | undefined;
        reasoning += delta?.reasoning_content ?? '';
        text += delta?.content ?? '';
      }
      expect([reasoning, text]).toEqual(['think0 think1 think2 ', 'one.0 one.1 one.2 one.3 ']);
    }
    const sent = bodyOf((await chats())[0]);
    expect(sent).toMatchObject({ chat_template_kwargs: { enable_thinking: true }, max_tokens: 8192 });
    expect(sent).not.toHaveProperty('reasoning_effort');
  });

  it('arrives whole, with usage only where iFlow counts it', async () => {
    const counted = await sluice.client().chat.completions.create(ask('glm-4.7-t2'));
    expect(counted.usage?.completion_tokens).toBe(2);
    const uncounted = await sluice.client().chat.completions.create(ask('glm-nousage-t2'));
    expect(uncounted.usage).toBeUndefined();
    expect(uncounted.choices[0]?.finish_reason).toBe('stop');
  });

  it('that is all reasoning has no text', async () => {
    const { choices } = await sluice.client().chat.completions.create(ask('glm-4.7-t0-q2'));
    expect(choices[0]?.message).toMatchObject({ content: null, reasoning_content: 'think0 think1 ' });
  });

  it('calls tools and continues with their results', async () => {
    const client = sluice.client();
    const question = ask('glm-4.7-t3');
    const { choices } = await client.chat.completions.create({ ...question, tools });
    const message = choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    if (message === undefined || call === undefined) throw new Error('no tool was called');
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    const result = { role: 'tool' as const, tool_call_id: call.id, content: 'sunny' };
    const messages = [...question.messages, message, result];
    const stream = await client.chat.completions.create({ ...question, messages, tools, stream: true });
    expect(await textOf(stream)).not.toBe('');
  });

  it('stops when its client leaves', async () => {
    const leaver = startLeaver(sluice, { model: 'glm-4.7-t1000-i20' });
    await until(async () => (await chats())[0]?.tokensSent, { what: 'the answer to begin' });
    leaver.leave();
    const [call] = await until(async () => (await sluice.simulator.stats()).open === 0 && (await chats()), {
      what: 'the call to end',
    });
    expect(call?.outcome).toBe('aborted');
  });

  it.each([
    ['e449', 429, 'upstream_rate_limited', 3],
    ['e434', 502, 'upstream_authentication', 1],
    ['e406', 502, 'upstream_authentication', 1],
    ['e500', 502, 'upstream_error', 3],
  ])('with the error %s is a %i %s after %i attempts', async (directive, status, code, calls) => {
    for (const stream of [false, true]) {
      await sluice.simulator.reset();
      await untilCooledDown();
      const answer = await refusalOf(await post(sluice, { model: `glm-4.7-${directive}`, fields: { stream } }));
      expect(answer).toMatchObject({ status, code });
      expect(await chats()).toHaveLength(calls);
    }
    await untilCooledDown();
  });
});

/** Clears the credentials and circuits of these tests. */
async function untilCooledDown(): Promise<void> {
  const keys = await redis.keys('e2e-*:{up:*}:[rb]*');
  if (keys.length > 0) await redis.unlink(keys);
}

describe('a login', () => {
  it('that has ended is renewed once for eight workers', verifies('004-06'), async () => {
    const requests = Array.from({ length: 2 * workers }, (_, at) =>
      startLeaver(sluice, { model: 'ended-t10000-i20', content: `question ${at}` }),
    );
    await until(async () => (await sluice.simulator.stats()).open === 2 * workers, {
      what: 'every worker to have a request',
      timeoutMs: 20_000,
    });
    const health = await Promise.all(
      sluice.fleet.workers.map(async ({ url }) => (await fetch(`${url}/health`)).json()),
    );
    expect(health).toEqual(health.map(() => expect.objectContaining({ active_runs: 2 })));
    expect(await renewals()).toHaveLength(1);
    expect(await callsTo('/iflow/api/oauth/getUserInfo')).toHaveLength(1);
    expect(new Set((await chats()).map(({ credential }) => credential))).toEqual(
      new Set([`sk-sim-${logins.ended[0]}.1`]),
    );
    for (const request of requests) request.leave();
    await Promise.all(requests.map(({ over }) => over));
    await until(async () => (await sluice.simulator.stats()).open === 0, { what: 'all calls to end' });
  });

  it('with short-lived keys is not renewed for each call', async () => {
    for (let at = 0; at < 3; at++) await sluice.client().chat.completions.create(ask('due-t1', `question ${at}`));
    expect(await renewals()).toHaveLength(1);
  });

  it(
    'whose key is refused: 401, renewal, new signature, retry',
    verifies('000-34', '000-35', '000-36', '000-37'),
    async () => {
      const response = await post(sluice, { model: 'refused-t2' });
      expect(response.status).toBe(200);
      expect(response.headers.get('x-sluice-attempts')).toBe('2');
      await response.text();
      const calls = (await sluice.simulator.calls()).map(({ path, status, credential }) => [path, status, credential]);
      const [name] = logins.refused;
      expect(calls).toEqual([
        ['/iflow/v1/chat/completions', 401, `sk-sim-${name}.stale`],
        ['/iflow/oauth/token', 200, expect.stringMatching(/^Basic /)],
        ['/iflow/api/oauth/getUserInfo', 200, ''],
        ['/iflow/v1/chat/completions', 200, `sk-sim-${name}.1`],
      ]);
      const signatures = (await chats()).map(({ headers }) => headers['x-iflow-signature']);
      expect(new Set(signatures).size).toBe(2);
      const spans = await traceOf('chat refused-t2');
      expect(
        spans.map(({ name: span, attributes, status }) => ({
          span,
          status: attributes['http.response.status_code'],
          resend: attributes['http.request.resend_count'],
          isError: status.code === 'error',
        })),
      ).toEqual([
        { span: 'POST', status: 401, resend: undefined, isError: true },
        { span: 'provider token', status: undefined, resend: undefined, isError: false },
        { span: 'POST', status: 200, resend: 1, isError: false },
      ]);
    },
  );

  it('whose end is an error with status 200, in place of a stream', async () => {
    const response = await post(sluice, { model: 'refused-e439-n1-t2', fields: { stream: true } });
    expect([response.status, response.headers.get('x-sluice-attempts')]).toEqual([200, '2']);
    expect(await response.text()).toContain('[DONE]');
    expect(await renewals()).toHaveLength(1);
    expect((await chats()).map(({ credential }) => credential)).toEqual([
      `sk-sim-${logins.refused[0]}.1`,
      `sk-sim-${logins.refused[0]}.2`,
    ]);
  });

  it('that iFlow no longer renews makes the worker ask for a new login', async () => {
    const answer = await refusalOf(await post(sluice, { model: 'dead-t1' }));
    expect(answer).toMatchObject({ status: 502, code: 'upstream_authentication' });
    expect(await renewals()).toHaveLength(3);
    expect(await chats()).toHaveLength(0);
    const said = (): boolean =>
      sluice.fleet.workers.some((worker) => worker.output().includes('npm run login -- iflow'));
    await until(said, { what: 'a worker to say what to do' });
  });

  it('shows nowhere', async () => {
    const all = [...sluice.fleet.ingresses, ...sluice.fleet.workers];
    const pages = await Promise.all(
      all.flatMap(({ managementUrl }) =>
        ['/metrics', '/health', '/status'].map(async (path) => (await fetch(`${managementUrl}${path}`)).text()),
      ),
    );
    const texts = { output: all.map((one) => one.output()), spans: collector.spans(), pages, redis: await dump() };
    expect(Object.keys(await redis.hgetall(await tokenKey('ended')))).toContain('sealed');
    expect(await redis.pttl(await tokenKey('ended'))).toBeGreaterThan(hourMs);
    expect(JSON.stringify(texts.output)).toContain('token of a provider renewed');
    for (const [where, content] of Object.entries(texts)) {
      const text = JSON.stringify(content);
      for (const secret of [canary, secrets.client, secrets.SLUICE_SECRET_KEY]) {
        expect(text, where).not.toContain(secret);
        expect(text, where).not.toContain(Buffer.from(secret).toString('base64').slice(0, 12));
      }
    }
  });
});

/** Returns the attempts below a span of this name in their order, once it has ended. */
async function traceOf(name: string): Promise<readonly CollectedSpan[]> {
  const parent = await until(() => collector.spans().find((span) => span.name === name), { what: `the span ${name}` });
  return collector
    .spans()
    .filter(({ parentSpanId }) => parentSpanId === parent.spanId)
    .toSorted((a, b) => a.startMs - b.startMs);
}

async function tokenKey(upstream: string): Promise<string> {
  const [key] = await redis.keys(`e2e-*:{up:${upstream}}:token:only`);
  if (key === undefined) throw new Error(`there is no token of ${upstream}`);
  return key;
}

/** Returns every text that Redis holds. */
async function dump(): Promise<string[]> {
  const keys = await redis.keys('*');
  const texts = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return texts.map((text) => text?.toString('latin1') ?? '');
}

it('a worker says at its start that the service is closed', async () => {
  for (const worker of sluice.fleet.workers) {
    expect((await untilLogged(worker, 'iFlow closed its service')).split('iFlow closed its service')).toHaveLength(2);
  }
});

it('a start without a secret for the tokens is refused by name', async () => {
  const config = {
    keys: [{ key: 'sk-anybody-0001' }],
    upstreams: [account('a', 'http://127.0.0.1:1', { oauth_file: 'login.json' })],
    models: [{ id: '*', targets: [{ upstream: 'a' }] }],
  };
  for (const name of ['ingress', 'worker'] as const) {
    await expect(spawnService(name, { config })).rejects.toThrow(/SLUICE_SECRET_KEY: is missing/);
  }
});

/** Returns the number of requests that a worker has now. */
async function activeRunsOf({ url }: { readonly url: string }): Promise<number> {
  return ((await (await fetch(`${url}/health`)).json()) as { readonly active_runs: number }).active_runs;
}

it('another worker renews a login when the renewing worker dies', async () => {
  const answered = post(sluice, { model: 'dying-t2' });
  await until(async () => (await renewals())[0]?.outcome === 'open', { what: 'a renewal to begin' });
  const runs = await Promise.all(sluice.fleet.workers.map(activeRunsOf));
  sluice.fleet.workers[runs.indexOf(1)]?.kill('SIGKILL');
  const response = await answered;
  expect(response.status).toBe(200);
  await response.text();
  expect((await renewals()).map(({ outcome }) => outcome)).toEqual(['aborted', 'finished']);
  expect((await chats()).map(({ credential }) => credential)).toEqual([`sk-sim-${logins.dying[0]}.1`]);
});

it('a worker with a stop signal completes the renewal of a login', async () => {
  const leaver = startLeaver(sluice, { model: 'leaving-t2' });
  await until(async () => (await renewals()).length === 1, { what: 'a renewal to begin' });
  const runs = await Promise.all(sluice.fleet.workers.map((each) => activeRunsOf(each).catch(() => 0)));
  const worker = sluice.fleet.workers[runs.indexOf(1)];
  if (worker === undefined) throw new Error('no worker is renewing');
  leaver.leave();
  worker.kill('SIGTERM');
  await worker.exited;
  // A refresh token issued to a worker that has exited would be lost, and the login with it.
  await (await post(sluice, { model: 'leaving-t2' })).text();
  expect((await chats()).map(({ credential }) => credential)).toEqual([`sk-sim-${logins.leaving[0]}.1`]);
  expect(await renewals()).toHaveLength(2);
});
