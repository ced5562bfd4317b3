import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type RedisConnection } from '@sluice/redis';
import {
  afterFile,
  type OtlpReceiver,
  spawnService,
  startOtlpReceiver,
  startProcess,
  until,
  untilLogged,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { dumpRedis, findCanaries } from './canaries.ts';
import { startEchoOfAll } from './echo-provider.ts';
import { type Sluice, startSluice } from './sluice.ts';
import { openStream, post, startLeaver, untilOccupied } from './traffic.ts';

/**
 * Every kind of secret, at every type of provider. Each secret has two halves that are searched for too, since half of
 * a secret leaks as well. Their form is not that of a key, and their special characters are encoded in a URL.
 */
const secretOf = (name: string): string => `Heron${name}Plume/Qz+Egret${name}Reed=`;
const halvesOf = (secret: string): readonly [string, string] => [
  secret.slice(0, Math.ceil(secret.length / 2)),
  secret.slice(Math.ceil(secret.length / 2)),
];

/** The one secret that the simulator accepts. */
const signingKey = 'key-@@@@)))()((9))-xxxx&&&%%%%%';

interface Place {
  /** Path below the simulator. */
  readonly path: string;
  /** Prefix of the model names there; default: `demo-`. */
  readonly model?: string;
  readonly options?: object;
}

const types = {
  openai: { path: '/v1' },
  azure: { path: '/openai/v1' },
  anthropic: { path: '/v1' },
  gemini: { path: '/v1beta' },
  ollama: { path: '' },
  coze: { path: '', model: 'bot-73000000000000000-' },
  bailian: { path: '', model: 'app-' },
  zai: { path: '/api/paas/v4', model: 'glm-4.5-' },
  'zai-web': { path: '', options: { signing_variant: 'v2', signing_key: signingKey } },
  iflow: { path: '/iflow/v1', model: 'glm-4.7-' },
} as const satisfies Record<string, Place>;
type Type = keyof typeof types;
const typeNames = Object.keys(types) as Type[];
const withHeaders: readonly Type[] = ['openai', 'azure', 'ollama'];

const wholes: Readonly<Record<string, string>> = {
  operator: secretOf('Operator'),
  oauth: secretOf('OauthClient'),
  refresh: secretOf('Refresh'),
  header: secretOf('Header'),
  signing: signingKey,
  client: secretOf('Client'),
  ...Object.fromEntries(typeNames.map((type) => [type, keyOf(type)])),
};
/**
 * The halves of all secrets; a whole one is found by them. A few characters at each end of the client's key, and of keys
 * that a provider masks itself, may show.
 */
const canaries = Object.fromEntries(
  Object.entries(wholes).flatMap(([name, secret]) => {
    const [first, second] = halvesOf(secret);
    return [[`${name}, first half`, first] as const, [`${name}, second half`, second] as const];
  }),
);

function keyOf(type: Type): string {
  return secretOf(type.replace(/\W/g, ''));
}

const clientKey = `abcd${secretOf('Client')}wxyz`;
const folder = mkdtempSync(join(tmpdir(), 'sluice-canary-'));
afterAll(() => rmSync(folder, { recursive: true }));

let sluice: Sluice;
let collector: OtlpReceiver;
let redis: RedisConnection;
const errorTexts: string[] = [];

beforeAll(async () => {
  collector = await startOtlpReceiver();
  afterFile(() => collector.close());
  redis = connect({
    settings: { kind: 'single', url: inject('redisUrl') },
    role: 'blocking',
    name: 'canary-providers',
    onError: () => undefined,
  });
  afterFile(() => redis.disconnect());
  const echoUrl = await startEchoOfAll();
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    env: { ...collector.env, SLUICE_SECRET_KEY: secretOf('Operator'), LOG_LEVEL: 'trace' },
    config: (simulatorUrl) => ({
      keys: [{ name: 'team', key: clientKey }],
      timeouts: { first_token_ms: 1000 },
      retry: { max_attempts: 2, base_delay_ms: 1, max_delay_ms: 5 },
      upstreams: [
        ...typeNames.flatMap((type) => [
          account(`good-${type}`, type, simulatorUrl + types[type].path),
          account(`echo-${type}`, type, `${echoUrl}/${type}`),
          account(`dead-${type}`, type, 'http://127.0.0.1:1'),
        ]),
        login('login-good', simulatorUrl, `${simulatorUrl}/iflow`),
        login('login-echo', simulatorUrl, `${echoUrl}/iflow`),
        {
          ...account('guest', 'zai-web', simulatorUrl),
          options: { ...types['zai-web'].options, zai_web_guests: true },
          credentials: [{ id: 'anon', anonymous: true }],
        },
      ],
      models: [
        ...typeNames.flatMap((type) =>
          ['good', 'echo', 'dead'].flatMap((place) =>
            ['t3', 'hang', 'status400', 'status401', 'status500', 'long400', 'silence'].map((how) => ({
              id: `${place}-${type}-${how}`,
              targets: [{ upstream: `${place}-${type}`, model: `${placeOf(type).model ?? 'demo-'}${how}` }],
            })),
          ),
        ),
        ...['login-good', 'login-echo', 'guest'].map((id) => ({ id, targets: [{ upstream: id, model: 'demo-t3' }] })),
      ],
    }),
  });
}, 120_000);

const placeOf = (type: Type): Place => types[type];

function account(id: string, type: Type, baseUrl: string): object {
  const { options } = placeOf(type);
  const headers = withHeaders.includes(type) ? { headers: { 'X-Team': secretOf('Header') } } : {};
  return {
    id,
    type,
    base_url: baseUrl,
    options: { ...options, ...headers },
    credentials: [{ id: 'only', api_key: keyOf(type) }],
  };
}

/** A person's login that is due for renewal; the simulator recognizes it by the form of its refresh token. */
function login(id: string, simulatorUrl: string, oauthUrl: string): object {
  const path = join(folder, `${id}.json`);
  const refresh = id === 'login-good' ? 'rt-heronplume' : secretOf('Refresh');
  writeFileSync(path, JSON.stringify({ refresh_token: refresh }), { mode: 0o600 });
  const options = {
    oauth_client_id: 'our-client',
    oauth_client_secret: secretOf('OauthClient'),
    oauth_base_url: oauthUrl,
  };
  return {
    id,
    type: 'iflow',
    base_url: `${simulatorUrl}/iflow/v1`,
    options,
    credentials: [{ id: 'person', oauth_file: path }],
  };
}

const request = { key: clientKey };

/** Returns everything that the product shows or stores, by place. */
async function traces(): Promise<Readonly<Record<string, string>>> {
  const processes = [...sluice.fleet.ingresses, ...sluice.fleet.workers];
  const requests = (): number =>
    sluice.fleet.ingresses.reduce((sum, { output }) => sum + output().split('"msg":"request"').length - 1, 0);
  const served = (): number => collector.spans().filter(({ kind }) => kind === 'server').length;
  await until(() => served() >= requests(), { what: 'a span of each request' });
  const pages = processes.flatMap(({ url, managementUrl }) =>
    ['/metrics', '/status', '/health', '/readyz'].flatMap((path) => [url + path, managementUrl + path]),
  );
  return {
    ...Object.fromEntries(processes.map((process) => [`output of ${process.pid}`, process.output()])),
    spans: collector
      .spans()
      .map((span) => JSON.stringify(span))
      .join('\n'),
    pages: (await Promise.all(pages.map(async (page) => (await fetch(page)).text()))).join('\n'),
    errors: errorTexts.join('\n'),
    redis: await dumpRedis(redis, 'e2e-*'),
  };
}

/** Longer than any form of a secret. */
const overlap = 1000;
const searched = new Map<string, string>();

/** Returns the part of a growing text that the last search of this place did not see. */
function unseen(where: string, text: string): string {
  const before = searched.get(where) ?? '';
  searched.set(where, text);
  return text.startsWith(before) ? text.slice(Math.max(0, before.length - overlap)) : text;
}

async function expectNothing(): Promise<void> {
  for (const [where, text] of Object.entries(await traces())) {
    expect(findCanaries(unseen(where, text), canaries), where).toEqual([]);
  }
}

/** Returns the log lines of all processes. */
const outputsOf = (found: Readonly<Record<string, string>>): string =>
  Object.keys(found)
    .flatMap((where) => (where.startsWith('output of ') ? [found[where]] : []))
    .join('\n');

async function refuse(model: string, stream: boolean): Promise<number> {
  const response = await post(sluice, { ...request, model, fields: { stream } });
  errorTexts.push(await response.text(), JSON.stringify([...response.headers]));
  return response.status;
}

describe.each(typeNames)('secrets of %s show nowhere', (type) => {
  it('when a request succeeds', async () => {
    await sluice.simulator.reset();
    const stream = await openStream(sluice, { ...request, model: `good-${type}-t3` });
    expect(await stream.finish()).toBe('whole');
    const whole = await post(sluice, { ...request, model: `good-${type}-t3` });
    expect([whole.status, await whole.text()]).toEqual([200, expect.stringContaining('choices')]);
    const calls = await sluice.simulator.calls();
    expect(calls.map(({ credential }) => credential)).toEqual(calls.map(() => keyOf(type)));
    if (withHeaders.includes(type)) expect(calls[0]?.headers['x-team']).toBe(secretOf('Header'));
    // Addresses are among what is searched: some providers are given their token in the query.
    const [worker] = sluice.fleet.workers;
    await untilLogged(worker, new RegExp(`"target":"good-${type}/[^"]+","method":"POST","url":"http[^"?]+"`));
    await expectNothing();
  });

  it('while a request waits in vain for its provider', async () => {
    const leaver = startLeaver(sluice, { ...request, model: `good-${type}-hang` });
    await untilOccupied(sluice, { running: 1, waiting: 0 });
    await expectNothing();
    leaver.leave();
    await leaver.over;
    expect(await refuse(`echo-${type}-silence`, true)).toBe(504);
    await expectNothing();
  });

  it('when the provider is unreachable', async () => {
    expect(await refuse(`dead-${type}-t3`, true)).toBe(502);
    await expectNothing();
  });

  // The last one puts the credential in cooldown.
  it.each(['long400', 'status400', 'status500', 'status401'])('when the provider repeats them with %s', async (how) => {
    for (const stream of [true, false]) expect(await refuse(`echo-${type}-${how}`, stream)).toBeGreaterThanOrEqual(400);
    await expectNothing();
  });
});

describe('secrets of tokens show nowhere', () => {
  it('when a login is renewed', async () => {
    const answer = await post(sluice, { ...request, model: 'login-good' });
    expect(answer.status).toBe(200);
    await answer.text();
    // The values that the simulator issues for this login contain its name.
    for (const [where, text] of Object.entries(await traces())) expect(text, where).not.toMatch(/heronplume/);
    await expectNothing();
  });

  it('when the login server repeats them', async () => {
    expect(await refuse('login-echo', true)).toBe(502);
    expect(outputsOf(await traces())).toContain('It said:');
    await expectNothing();
  });

  it('when a guest gets one', async () => {
    const answer = await post(sluice, { ...request, model: 'guest' });
    expect(answer.status).toBe(200);
    await answer.text();
    for (const [where, text] of Object.entries(await traces())) {
      expect(findCanaries(text, { payload: '"id":"guest-' }), where).toEqual([]);
    }
    await expectNothing();
  });
});

describe('a start that fails says why, and no secret', () => {
  const secret = secretOf('Start');
  const faults: readonly (readonly [what: string, setting: RegExp, fields: object])[] = [
    ['a header of two lines', /headers\.x-team/, { options: { headers: { 'x-team': `${secret}\n` } } }],
    [
      'a signing key in a list',
      /signing_key/,
      { type: 'zai-web', options: { signing_variant: 'v2', signing_key: [secret] } },
    ],
    ['a signing key without a variant', /signing_variant/, { type: 'zai-web', options: { signing_key: secret } }],
    [
      'a misspelt signing key',
      /signing_kee/,
      { type: 'zai-web', options: { signing_variant: 'none', signing_kee: secret } },
    ],
    [
      'an OAuth secret that is a mapping',
      /oauth_client_secret/,
      { type: 'iflow', options: { oauth_client_secret: { secret } } },
    ],
    ['a key in a list', /api_key/, { credentials: [{ id: 'a', api_key: [secret] }] }],
  ];
  const shortKey = secret.slice(0, 15);

  /** Returns the outputs of an ingress, a worker and `npm start` that do not start. */
  function complaints(upstreams: readonly object[], operatorKey?: string): Promise<readonly string[]> {
    const config = {
      keys: [{ name: 'team', key: clientKey }],
      upstreams: upstreams.map((fields, at) => ({
        id: `upstream-${at}`,
        type: 'openai',
        base_url: 'http://127.0.0.1:1',
        credentials: [{ id: 'a', api_key: 'k' }],
        ...fields,
      })),
      models: [{ id: '*', targets: [{ upstream: 'upstream-0' }] }],
    };
    const env = { LOG_LEVEL: 'trace', ...(operatorKey === undefined ? {} : { SLUICE_SECRET_KEY: operatorKey }) };
    return Promise.all([
      spawnService('ingress', { config, env }).then(() => 'it started', String),
      spawnService('worker', { config, env }).then(() => 'it started', String),
      launch(config, env),
    ]);
  }

  function expectNoSecret(output: string): void {
    const [first, second] = halvesOf(secret);
    expect(findCanaries(output, { secret, first, second, short: secret.slice(0, 12), ...canaries })).toEqual([]);
  }

  it('for faults of upstreams, all at once', async () => {
    for (const output of await complaints(faults.map(([, , fields]) => fields))) {
      for (const [at, [what, setting]] of faults.entries()) {
        const lines = output.split('\n').filter((line) => line.includes(`upstreams[${at}]`));
        expect(lines.join('\n'), what).toMatch(setting);
      }
      expectNoSecret(output);
    }
  });

  it('for a short key of the operator', async () => {
    const guests = {
      type: 'zai-web',
      options: { signing_variant: 'none', zai_web_guests: true },
      credentials: [{ id: 'a', anonymous: true }],
    };
    for (const output of await complaints([guests], shortKey)) {
      expect(output).toMatch(/SLUICE_SECRET_KEY/);
      expectNoSecret(output);
    }
  });
});

/** Returns the output of `npm start` for a wrong configuration. */
async function launch(config: object, env: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, 'sluice.yaml');
  writeFileSync(path, JSON.stringify(config));
  const launcher = await startProcess({
    command: process.execPath,
    args: ['--conditions=@sluice/source', join(import.meta.dirname, '../../../packages/launcher/src/main.ts'), 'start'],
    cwd: folder,
    env: { SLUICE_CONFIG: path, ...env },
  });
  onTestFinished(async () => void (await launcher.stop()));
  expect((await launcher.exited).code).not.toBe(0);
  return launcher.output();
}

it('every secret was in use, so that a leak would show', async () => {
  const found = await traces();
  const output = outputsOf(found);
  const { spans = '', pages = '', errors = '', redis: held = '' } = found;
  expect(output).toContain('abcd…wxyz');
  for (const type of typeNames) {
    for (const text of [spans, pages]) expect(text).toContain(`echo-${type}`);
  }
  expect(errors).toContain('[redacted]');
  expect(held).toContain('token:person');
});
