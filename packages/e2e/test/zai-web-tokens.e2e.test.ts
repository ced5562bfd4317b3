import {
  afterFile,
  type CallRecord,
  type CollectedSpan,
  type OtlpReceiver,
  spawnService,
  startOtlpReceiver,
  until,
  verifies,
} from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice } from './sluice.ts';
import { type Leaver, post, refusalOf, startLeaver } from './traffic.ts';

const workers = 4;
const secretKey = 'canary-of-the-operator-0003';
const options = {
  signing_variant: 'v2',
  signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%',
  zai_web_guests: true,
};
/** Each test has its own access token, so that it does not find that of another test. */
const upstreams = ['shared', 'refused', 'always', 'crowd', 'wall', 'gated', 'gate'] as const;

const sessionPath = '/api/v1/auths/';
const chatPath = '/api/v2/chat/completions';

let sluice: Sluice;
let collector: OtlpReceiver;

beforeAll(async () => {
  collector = await startOtlpReceiver();
  afterFile(() => collector.close());
  sluice = await startSluice({
    ingresses: 1,
    workers,
    env: { ...collector.env, SLUICE_SECRET_KEY: secretKey, LOG_LEVEL: 'trace' },
    config: (simulatorUrl) => ({
      worker: { concurrency: 2 },
      retry: { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      upstreams: upstreams.map((id) => guest(id, simulatorUrl)),
      models: upstreams.map((id) => ({ id: `${id}-*`, targets: [{ upstream: id }] })),
    }),
  });
}, 120_000);
beforeEach(() => sluice.simulator.reset());

function guest(id: string, simulatorUrl: string): object {
  return { id, type: 'zai-web', base_url: simulatorUrl, options, credentials: [{ id: 'anon', anonymous: true }] };
}

const callsTo = async (path: string): Promise<readonly CallRecord[]> =>
  (await sluice.simulator.calls()).filter((call) => call.path === path);
const chats = (): Promise<readonly CallRecord[]> => callsTo(chatPath);
const sessions = (): Promise<readonly CallRecord[]> => callsTo(sessionPath);
const tokensIn = (calls: readonly CallRecord[]): Set<string> => new Set(calls.map(({ credential }) => credential));

/** Makes the backend refuse the access token that an upstream's calls carry now, and no other. */
async function endTokenOf(model: string, directives = 'e401'): Promise<string> {
  await sluice.client().chat.completions.create(ask(model));
  const token = (await chats()).at(-1)?.credential ?? '';
  await sluice.simulator.reset();
  await sluice.simulator.script([{ match: { credential: token }, directives }]);
  return token;
}

/** Sends one request for each run that the workers can hold; resolves when all of them are being answered. */
async function busyAll(model: string): Promise<readonly Leaver[]> {
  const requests = Array.from({ length: 2 * workers }, (_, at) =>
    startLeaver(sluice, { model: `${model}-t10000-i20`, content: `question ${at}` }),
  );
  const answering = async (): Promise<boolean> =>
    (await chats()).filter(({ outcome, status }) => outcome === 'open' && status === 200).length === 2 * workers;
  await until(answering, { what: 'every worker to be full', timeoutMs: 20_000 });
  return requests;
}

async function leaveAll(requests: readonly Leaver[]): Promise<void> {
  for (const request of requests) request.leave();
  await Promise.all(requests.map(({ over }) => over));
  await until(async () => (await sluice.simulator.stats()).open === 0, { what: 'all calls to end' });
}

async function activeRuns(): Promise<unknown[]> {
  const pages = sluice.fleet.workers.map(async ({ url }) => (await fetch(`${url}/health`)).json());
  return (await Promise.all(pages)).map((page) => (page as { readonly active_runs: number }).active_runs);
}

describe('the access token of a guest', () => {
  it('is fetched once and shared by all workers', verifies('000-15', '001-06', '001-38'), async () => {
    const requests = await busyAll('shared');
    expect(await activeRuns()).toEqual(Array.from({ length: workers }, () => 2));
    expect(await sessions()).toHaveLength(1);
    expect((await sessions())[0]?.credential).toBe('');
    expect(tokensIn(await chats()).size).toBe(1);
    await leaveAll(requests);
  });

  it(
    'that is refused: 401, another token, a new signature for its user, 200',
    verifies('000-15', '000-29', '000-34', '000-35', '000-36', '000-37'),
    async () => {
      // Makes sure that the next call is in another millisecond.
      const ended = await endTokenOf('refused-t1', 'e401-f5');
      const response = await post(sluice, { model: 'refused-t2' });
      expect([response.status, response.headers.get('x-sluice-attempts')]).toEqual([200, '2']);
      await response.text();

      const calls = await sluice.simulator.calls();
      expect(calls.map(({ method, path, status }) => [method, path, status])).toEqual([
        ['POST', chatPath, 401],
        ['GET', sessionPath, 200],
        ['POST', chatPath, 200],
      ]);
      const [first, second] = (await chats()).map(signedBy);
      expect(first?.token).toBe(ended);
      for (const name of ['token', 'userId', 'requestId', 'signature'] as const) {
        expect(second?.[name], name).not.toBe(first?.[name]);
      }
      expect(second?.timestamp).toBeGreaterThan(first?.timestamp ?? NaN);
      for (const call of [first, second]) expect(call?.userId).toBe(call?.userOfToken);

      expect(await traceOf('chat refused-t2')).toEqual([
        { span: 'POST', status: 401, resend: undefined, isError: true },
        { span: 'provider token', status: undefined, resend: undefined, isError: false },
        { span: 'POST', status: 200, resend: 1, isError: false },
      ]);
    },
  );

  it('that is refused again is an error, and is not fetched endlessly', verifies('000-29', '000-37'), async () => {
    await sluice.simulator.script([{ match: { model: 'always-*' }, directives: 'e401' }]);
    const refused = await refusalOf(await post(sluice, { model: 'always-t1' }));
    expect(refused).toMatchObject({ status: 502, code: 'upstream_authentication' });
    expect([(await chats()).length, (await sessions()).length]).toEqual([2, 2]);
  });

  it('that is refused while all workers use it is replaced once', verifies('000-34', '000-35'), async () => {
    // The refusals are late: by then other calls carry it too.
    const ended = await endTokenOf('crowd-t1', 'e401-f500');
    const requests = await busyAll('crowd');
    expect(await sessions()).toHaveLength(1);
    expect(await activeRuns()).toEqual(Array.from({ length: workers }, () => 2));
    const refused = (await chats()).filter(({ status }) => status === 401);
    expect(refused.length).toBeGreaterThan(1);
    expect(tokensIn(refused)).toEqual(new Set([ended]));
    expect(tokensIn((await chats()).filter(({ status }) => status === 200)).size).toBe(1);
    await leaveAll(requests);
  });
});

describe('a guest who is refused', () => {
  const everybody = Array.from({ length: 2 * workers }, (_, at) => `question ${at}`);

  it('by the firewall makes no further call', verifies('000-35'), async () => {
    await sluice.simulator.script([{ match: { model: 'session' }, directives: 'e405' }]);
    const answers = await Promise.all(everybody.map((content) => refused('wall-t1', content)));
    for (const { status, text } of answers) {
      expect(status).toBe(502);
      expect(text).toContain('The firewall of chat.z.ai blocks this gateway.');
    }
    expect(await callsSoFar()).toEqual([['GET', sessionPath, 405]]);
  });

  it('for lack of a captcha gets this error, and makes no other call', async () => {
    await sluice.simulator.script([{ match: { model: 'session' }, directives: 'errev' }]);
    const answers = await Promise.all(everybody.map((content) => refused('gate-t1', content)));
    for (const { status, text } of answers) {
      expect(status).toBe(502);
      expect(text).toMatch(/captcha.*does not solve.*official API/);
    }
    expect(await callsSoFar()).toEqual([['GET', sessionPath, 200]]);
  });

  it('for lack of a captcha in the chat makes one call, with the existing token', async () => {
    const { status, text } = await refused('gated-captcha-t1');
    expect(status).toBe(502);
    expect(text).toMatch(/captcha.*does not solve.*official API/);
    expect(await callsSoFar()).toEqual([
      ['GET', sessionPath, 200],
      ['POST', chatPath, 200],
    ]);
    const [call] = await chats();
    expect(JSON.stringify([call?.body, call?.query, call?.headers])).not.toMatch(/captcha_/);
    await refused('gated-captcha-t1', 'another question');
    expect(await sessions()).toHaveLength(1);
  });
});

async function refused(model: string, content?: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await post(sluice, content === undefined ? { model } : { model, content });
  return { status: response.status, text: await response.text() };
}

const callsSoFar = async (): Promise<unknown[]> =>
  (await sluice.simulator.calls()).map(({ method, path, status }) => [method, path, status]);

/** User and signature of a call. */
function signedBy({ credential, query, headers }: CallRecord) {
  const fields = new URLSearchParams(query);
  const payload = Buffer.from(credential.split('.')[1] ?? '', 'base64url').toString();
  return {
    token: fields.get('token'),
    userId: fields.get('user_id'),
    userOfToken: (JSON.parse(payload) as { readonly id: string }).id,
    requestId: fields.get('requestId'),
    timestamp: Number(fields.get('timestamp')),
    signature: headers['x-signature'],
  };
}

/** Returns the spans below a model call in their order, once the call has ended. */
async function traceOf(name: string): Promise<object[]> {
  const spans = (): readonly CollectedSpan[] => collector.spans();
  const parent = await until(() => spans().find((span) => span.name === name), { what: `the span ${name}` });
  return spans()
    .filter(({ parentSpanId }) => parentSpanId === parent.spanId)
    .toSorted((a, b) => a.startMs - b.startMs)
    .map(({ name: span, attributes, status }) => ({
      span,
      status: attributes['http.response.status_code'],
      resend: attributes['http.request.resend_count'],
      isError: status.code === 'error',
    }));
}

it('no access token shows in the output of the processes', async () => {
  const texts = [...sluice.fleet.ingresses, ...sluice.fleet.workers].map((each) => each.output());
  expect(texts.join('\n')).toContain('token of a provider renewed');
  // The payload of every access token that the simulator issues begins with this.
  const payload = Buffer.from('{"id":"guest-').toString('base64url').slice(0, -2);
  for (const text of [...texts, JSON.stringify(collector.spans())]) {
    expect(text).not.toContain(payload);
    expect(text).not.toContain(secretKey);
    expect(text).not.toContain(options.signing_key);
  }
});

it('a start for guests without a secret for access tokens, or without permission to fetch one, fails', async () => {
  const config = (fields: object): object => ({
    keys: [{ key: 'sk-anybody-0001' }],
    upstreams: [{ ...guest('a', 'http://127.0.0.1:1'), ...fields }],
    models: [{ id: '*', targets: [{ upstream: 'a' }] }],
  });
  for (const name of ['ingress', 'worker'] as const) {
    await expect(spawnService(name, { config: config({}) })).rejects.toThrow(/SLUICE_SECRET_KEY: is missing/);
    const env = { SLUICE_SECRET_KEY: secretKey };
    const noLeave = config({ options: { ...options, zai_web_guests: false } });
    await expect(spawnService(name, { config: noLeave, env })).rejects.toThrow(/credentials\[0\]\.anonymous/);
  }
});
