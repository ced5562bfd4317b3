import { connect, type RedisConnection } from '@sluice/redis';
import {
  afterFile,
  type OtlpReceiver,
  type RedisServer,
  spawnService,
  startOtlpReceiver,
  startRedis,
  until,
  verifies,
} from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dumpRedis, findCanaries } from './canaries.ts';
import { startEchoProvider } from './echo-provider.ts';
import { type Sluice, startSluice } from './sluice.ts';
import { openStream, post, startLeaver, untilOccupied } from './traffic.ts';

/**
 * These are not shaped like the keys of a provider, so that only their role as a secret hides them. Four characters at
 * each end of the client's key may show: they are not part of the canary.
 */
const canaries = {
  client: 'WrenClientQx',
  unknownKey: 'WrenUnknownQx',
  provider: 'WrenProviderQx',
  refusedProvider: 'WrenRefusedQx',
  redis: 'WrenRedisQx',
  prompt: 'WrenPromptQx',
  answer: 'WrenAnswerQx',
} as const;
type Canary = keyof typeof canaries;
const credentials: readonly Canary[] = ['client', 'unknownKey', 'provider', 'refusedProvider', 'redis'];

const clientKey = `abcd${canaries.client}wxyz`;
const echoes = ['whole', 'stream', 'long'] as const;
const longStream = 'demo-t100000-i20';

/** Returns the canaries that a text contains. */
const found = (text: string, among: readonly Canary[]): Canary[] =>
  findCanaries(text, canaries).filter((name) => among.includes(name));

let redis: RedisServer;
let inspector: RedisConnection;
let collector: OtlpReceiver;
let sluice: Sluice;
/** The error texts that clients received. */
let errorTexts: string[] = [];

beforeAll(async () => {
  redis = await startRedis({ args: ['--requirepass', canaries.redis] });
  afterFile(() => redis.stop());
  const url = redis.url.replace('://', `://:${canaries.redis}@`);
  inspector = connect({
    settings: { kind: 'single', url },
    role: 'blocking',
    name: 'canary',
    onError: () => undefined,
  });
  afterFile(() => inspector.disconnect());
  const echoUrl = await startEchoProvider();
  collector = await startOtlpReceiver();
  afterFile(() => collector.close());
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    env: { ...collector.env, LOG_LEVEL: 'trace' },
    redis: { url },
    config: (simulatorUrl) => ({
      keys: [{ name: 'team', key: clientKey }],
      upstreams: [
        account('good', `${simulatorUrl}/v1`, 'provider'),
        account('refused', `${simulatorUrl}/v1`, 'refusedProvider'),
        ...echoes.map((path) => account(`echo-${path}`, `${echoUrl}/${path}`, 'provider')),
      ],
      models: [
        { id: 'demo*', targets: [{ upstream: 'good' }] },
        { id: 'refused*', targets: [{ upstream: 'refused' }] },
        ...echoes.map((path) => ({ id: `echo-${path}`, targets: [{ upstream: `echo-${path}` }] })),
      ],
      worker: { concurrency: 2 },
      retry: { max_attempts: 2, base_delay_ms: 1, max_delay_ms: 5 },
    }),
  });
});
beforeEach(() => {
  errorTexts = [];
});

function account(id: string, baseUrl: string, secret: Canary): object {
  return { id, type: 'openai', base_url: baseUrl, credentials: [{ id: 'only', api_key: canaries[secret] }] };
}

const traced = (message: string): boolean =>
  sluice.fleet.workers.some(({ output }) => output().includes(`"msg":"${message}"`));

const lineCount = (text: string): number => text.split('"msg":"request"').length - 1;

/** Returns everything that the product shows, by place. */
async function traces(): Promise<Record<'output' | 'spans' | 'pages' | 'errors', string>> {
  const processes = [...sluice.fleet.ingresses, ...sluice.fleet.workers];
  const served = (): number => collector.spans().filter(({ kind }) => kind === 'server').length;
  await until(() => served() >= sluice.fleet.ingresses.reduce((sum, { output }) => sum + lineCount(output()), 0), {
    what: 'a span of each request',
  });
  const pages = processes.flatMap(({ url, managementUrl }) =>
    ['/metrics', '/status', '/health', '/readyz'].flatMap((path) => [url + path, managementUrl + path]),
  );
  return {
    output: processes.map((process) => process.output()).join('\n'),
    spans: JSON.stringify(collector.spans()),
    pages: (await Promise.all(pages.map(async (page) => (await fetch(page)).text()))).join('\n'),
    errors: errorTexts.join('\n'),
  };
}

/** Expects that no place shows a secret, a prompt or an answer. A message to a client may begin with its answer. */
async function expectNothing(): Promise<void> {
  const { errors, ...others } = await traces();
  expect(found(errors, ['prompt', ...credentials]), 'errors').toEqual([]);
  for (const [where, text] of Object.entries(others)) {
    expect(found(text, ['prompt', 'answer', ...credentials]), where).toEqual([]);
  }
}

const dump = (): Promise<string> => dumpRedis(inspector);

/** Resolves when Redis has dropped them. Mailboxes hold the newest answers until newer frames arrive. */
async function untilForgotten(): Promise<void> {
  const isForgotten = (entry: string): boolean =>
    found(entry, /^\["[^"]+:mb:\{/.test(entry) ? ['prompt'] : ['prompt', 'answer']).length === 0;
  await until(async () => (await dump()).split('\n').every(isForgotten), {
    what: 'Redis to drop prompts and answers',
  });
  expect(found(await dump(), credentials)).toEqual([]);
}

/** The answer repeats the text after `rid=`. */
const content = `What is ${canaries.prompt}? rid=${canaries.answer}`;
const authorized = { key: clientKey, content };

/** Sends the requests of an ill-behaved client; keeps the answers. */
async function send(path: string, init: { readonly headers?: Record<string, string>; readonly body?: string }) {
  const response = await fetch(`${sluice.url()}${path}`, { method: 'POST', ...init });
  errorTexts.push(await response.text());
  return response.status;
}

describe('secrets and prompts show nowhere', () => {
  it('when a request succeeds, and Redis drops it', verifies('003-10'), async () => {
    const stream = await openStream(sluice, { ...authorized, model: 'demo-t5' });
    expect(await stream.finish()).toBe('whole');
    const whole = await post(sluice, { ...authorized, model: 'demo-t5' });
    expect(whole.status).toBe(200);
    await whole.text();
    // The log lines of every step are among the searched ones.
    const steps = ['run begins', 'attempt begins', 'provider called', 'provider answers', 'attempt ended'];
    await until(() => steps.every(traced), { what: 'a line of each step' });
    const [call] = await sluice.simulator.calls();
    expect(call?.credential).toBe(canaries.provider);
    expect(call?.body).toContain(canaries.prompt);
    await expectNothing();
    await untilForgotten();
  });

  it.each([
    ['401', 'refused-e401', 502],
    ['400', 'demo-e400', 400],
    ['500', 'demo-e500', 502],
    ['a reset before its head', 'demo-resetearly', 502],
    ['a reset after its head', 'demo-resethead', 502],
    ['a page', 'demo-html', 502],
    ['a broken event', 'demo-badjson-k0', 502],
  ])('when the provider answers with %s', async (_name, model, status) => {
    for (const stream of [true, false]) {
      const response = await post(sluice, { ...authorized, model, fields: { stream } });
      const text = await response.text();
      expect(response.status).toBe(status);
      errorTexts.push(text);
    }
    await expectNothing();
    await untilForgotten();
  });

  it.each(['demo-t20-i5-reset', 'demo-t20-i5-errev', 'demo-t20-i5-cut'])(
    'when the answer breaks off: %s',
    async (model) => {
      const stream = await openStream(sluice, { ...authorized, model });
      await stream.finish();
      expect(stream.text).toContain('"error"');
      errorTexts.push(stream.text);
      await expectNothing();
      await untilForgotten();
    },
  );

  it.each([
    ['an error', 'echo-whole', 400],
    ['an event of a stream', 'echo-stream', 502],
    ['an error so long that its end is cut off', 'echo-long', 400],
  ])('when the provider repeats the key it was called with in %s', async (_name, model, status) => {
    const response = await post(sluice, { ...authorized, model, fields: { stream: true } });
    errorTexts.push(await response.text(), JSON.stringify([...response.headers]));
    expect(response.status).toBe(status);
    expect(errorTexts[0]).toMatch(/may not|\.{500}/);
    await expectNothing();
    // Half of it is half a secret.
    const half = canaries.provider.slice(0, 8);
    for (const [where, text] of Object.entries(await traces())) expect(text, where).not.toContain(half);
    expect(found(await dump(), credentials)).toEqual([]);
  });

  it('while requests run and wait, and when their clients leave; only their bodies hold the prompt', async () => {
    // Two run; the third waits in the queue.
    const leavers = [longStream, 'demo-hang', 'demo-t1'].map((model) => startLeaver(sluice, { ...authorized, model }));
    await untilOccupied(sluice, { running: 3, waiting: 0 });
    await until(async () => (await sluice.simulator.stats()).open === 2, { what: 'two calls to be open' });
    const entries = await until(
      async () => {
        const all = (await dump()).split('\n');
        return all.filter((entry) => /^\["[^"]+:\{q0\}:chat:[\da-f-]{36}\.1"/.test(entry)).length === 3 && all;
      },
      { what: 'three jobs' },
    );
    expect(found(entries.join('\n'), credentials)).toEqual([]);
    const withPrompt = entries.filter((entry) => found(entry, ['prompt']).length > 0);
    expect(withPrompt).toHaveLength(3);
    for (const entry of withPrompt) expect(entry).toMatch(/^\["[^"]+:\{q0\}:body:/);
    await expectNothing();
    for (const { leave } of leavers) leave();
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    await untilForgotten();
    await expectNothing();
  });

  it('when a client puts its key, a wrong one or broken JSON where they do not belong', async () => {
    const body = JSON.stringify({ model: 'demo-t1', messages: [{ role: 'user', content }] });
    const json = { 'content-type': 'application/json' };
    const known = { ...json, authorization: `Bearer ${clientKey}` };
    const { unknownKey } = canaries;
    const basic = `Basic ${Buffer.from(`user:${unknownKey}`).toString('base64')}`;
    const sent = [
      send('/chat/completions', { body, headers: { ...json, authorization: `Bearer ${unknownKey}` } }),
      send('/chat/completions', { body, headers: { ...json, authorization: basic } }),
      send('/chat/completions', { body, headers: { ...json, 'x-api-key': unknownKey } }),
      send(`/chat/completions?key=${unknownKey}`, { body, headers: json }),
      send(`/nowhere?api_key=${unknownKey}`, { body, headers: known }),
      send('/chat/completions', { body: body.slice(0, -4), headers: known }),
      send('/chat/completions', { body: `${canaries.prompt} is not JSON`, headers: known }),
      send('/chat/completions', { body: body.replace(/"(What[^"]*)"/, '{"text":"$1"}'), headers: known }),
    ];
    expect(await Promise.all(sent)).toEqual([401, 401, 401, 401, 404, 400, 400, 400]);
    await expectNothing();
  });

  it('when Redis refuses the password', async () => {
    await inspector.call('CONFIG', 'SET', 'requirepass', 'another');
    await inspector.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const isRefused = (): boolean => sluice.fleet.ingresses.every((ingress) => ingress.output().includes('WRONGPASS'));
    await until(isRefused, { what: 'Redis to refuse the password', timeoutMs: 10_000 });
    const response = await post(sluice, { ...authorized, model: 'demo-t1' });
    errorTexts.push(await response.text());
    expect(response.status).toBe(503);
    await inspector.call('CONFIG', 'SET', 'requirepass', canaries.redis);
    await until(async () => (await post(sluice, { ...authorized, model: 'demo-t1' })).status === 200, {
      what: 'requests to be served again',
      timeoutMs: 15_000,
    });
    await expectNothing();
  });

  it('every canary was in use, so that a leak would show', async () => {
    const { output, spans, pages } = await traces();
    expect(lineCount(output)).toBeGreaterThan(20);
    expect(output).toContain('abcd…wxyz');
    for (const name of ['process chat', 'sluice.credential_id', 'url.full']) expect(spans).toContain(name);
    expect(pages).toContain('sluice_requests_total{model="demo*"');
    expect(pages).toContain('sluice_upstream_attempts_total{upstream="good"');
  });
});

describe('a start that fails', () => {
  it.each([
    ['a user in the URL of an upstream', { base_url: `http://user:${canaries.provider}@127.0.0.1:1/v1` }],
    ['a key in its query', { base_url: `http://127.0.0.1:1/v1?key=${canaries.provider}` }],
    ['a key with spaces', { credentials: [{ id: 'a', api_key: `${canaries.provider} ${canaries.provider}` }] }],
  ])('names the setting and not the secret: %s', async (_name, fields) => {
    const upstream = { id: 'sim', type: 'openai', base_url: 'http://127.0.0.1:1/v1', ...fields };
    const config = { upstreams: [upstream], models: [{ id: '*', targets: [{ upstream: 'sim' }] }] };
    const failure = await spawnService('ingress', { config, env: { SLUICE_API_KEYS: clientKey } }).then(
      () => 'it started',
      (error: unknown) => String(error),
    );
    expect(failure).toMatch(/upstreams\[0\]\.(base_url|credentials)/);
    expect(found(failure, credentials)).toEqual([]);
  });
});
