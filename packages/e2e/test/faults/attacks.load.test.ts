import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from '../sluice.ts';
import { watchCpu, watchMemory } from './measure.ts';
import { type Scene, startScene } from './scene.ts';

/** Keys with all their limits, for attackers; one for each attack, since refused requests count for their key. */
const attackersKey = (at = 0): string => `sk-test-attacker-000${at}`;
const megabytes = 1_000_000;

let scene: Scene;
let origin: string;
beforeAll(async () => {
  scene = await startScene({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'neighbour', key: apiKey },
        ...Array.from({ length: 10 }, (_, at) => ({
          name: `attacker-${at}`,
          key: attackersKey(at),
          limits: { concurrency: 20, rpm: 600, tpm: 200_000 },
        })),
      ],
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-sim-a' }] },
        {
          id: 'claude',
          type: 'anthropic',
          base_url: `${simulatorUrl}/v1`,
          credentials: [{ id: 'a', api_key: 'tok-sim-b' }],
        },
        {
          id: 'google',
          type: 'gemini',
          base_url: `${simulatorUrl}/v1beta`,
          credentials: [{ id: 'a', api_key: 'tok-sim-c' }],
        },
        { id: 'local', type: 'ollama', base_url: simulatorUrl },
      ],
      models: [
        { id: 'demo*', targets: [{ upstream: 'sim' }] },
        { id: 'claude', targets: [{ upstream: 'claude' }] },
        { id: 'gemini', targets: [{ upstream: 'google' }] },
        { id: 'ollama', targets: [{ upstream: 'local' }] },
        // So many models that their list is a large answer.
        ...Array.from({ length: 2000 }, (_, at) => ({ id: `model-${at}`, targets: [{ upstream: 'sim' }] })),
      ],
      log: { level: 'warn' },
    }),
    env: { LOG_LEVEL: 'warn' },
  });
  [origin = ''] = scene.fleet.urls;
});

interface Answer {
  readonly status: number;
  readonly code: unknown;
  readonly param: unknown;
}

interface Sent {
  readonly body: string | Buffer;
  readonly coding?: string;
  readonly key?: string;
  /** Sends the body in chunks, without a length in its head. */
  readonly isChunked?: boolean;
}

/** Sends a chat request on a connection of its own. A connection that ends before the answer counts as status 0. */
async function send({ body, coding, key = attackersKey(), isChunked = false }: Sent): Promise<Answer> {
  const outgoing = request(`${origin}/v1/chat/completions`, {
    agent: new Agent(),
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(isChunked ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...(coding === undefined ? {} : { 'content-encoding': coding }),
    },
  });
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  try {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    for await (const piece of response.setEncoding('utf8')) text += String(piece);
    const { error } = JSON.parse(text) as { readonly error?: { readonly code: unknown; readonly param: unknown } };
    return { status: response.statusCode ?? 0, code: error?.code, param: error?.param };
  } catch {
    return { status: 0, code: undefined, param: undefined };
  }
}

/** Runs a neighbour's requests without a pause during an attack on the ingress. Its SDK must get every answer. */
async function besideNeighbour(attack: () => Promise<void>): Promise<void> {
  const healthy: ReturnType<Scene['ask']>[] = [];
  let isOver = false;
  async function serve(): Promise<void> {
    while (!isOver) {
      const asked = scene.ask({ model: 'demo', tokens: 5, maxRetries: 2 });
      healthy.push(asked);
      await asked.over;
    }
  }
  const neighbour = serve();
  await attack();
  isOver = true;
  await neighbour;
  expect(healthy.length).toBeGreaterThan(0);
  const failed = healthy.filter(({ outcome }) => outcome !== 'complete');
  expect(failed.map(({ outcome, code }) => [outcome, code])).toEqual([]);
}

const ingress = (): Scene['fleet']['ingresses'][number] => {
  const [first] = scene.fleet.ingresses;
  if (first === undefined) throw new Error('there is no ingress');
  return first;
};
const worker = (): Scene['fleet']['workers'][number] => {
  const [first] = scene.fleet.workers;
  if (first === undefined) throw new Error('there is no worker');
  return first;
};
const squeezed = (text: string): Buffer =>
  brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });

describe('F45 JSON in texts that an adapter parses', () => {
  const user = { role: 'user', content: 'hi' };
  const call = (text: string) => ({ id: 'c', type: 'function', function: { name: 'f', arguments: text } });
  const places: Readonly<Record<string, (text: string) => readonly object[]>> = {
    'messages[1].tool_calls[0].function.arguments': (text) => [
      user,
      { role: 'assistant', tool_calls: [call(text)] },
      { role: 'tool', tool_call_id: 'c', content: 'x' },
    ],
    'messages[1].function_call.arguments': (text) => [
      user,
      { role: 'assistant', function_call: { name: 'f', arguments: text } },
      { role: 'function', name: 'f', content: 'x' },
    ],
    'messages[2].content': (text) => [
      user,
      { role: 'assistant', tool_calls: [call('{}')] },
      { role: 'tool', tool_call_id: 'c', content: text },
    ],
  };
  const deep = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;

  it.each(['demo', 'claude', 'gemini', 'ollama'])(
    'is refused by its field for %s, and costs nothing',
    async (model) => {
      const before = (await scene.simulator.stats()).total;
      const memories = [watchMemory(ingress()), watchMemory(worker())];
      const computed = [watchCpu(ingress()), watchCpu(worker())];
      await besideNeighbour(async () => {
        for (const [param, messages] of Object.entries(places)) {
          for (const stream of [false, true]) {
            const body = (text: string): string => JSON.stringify({ model, stream, messages: messages(text) });
            expect(await send({ body: body(deep(64)) })).toEqual({ status: 400, code: 'json_too_deep', param });
            expect(await send({ body: body(deep(10_000)) })).toEqual({ status: 400, code: 'json_too_deep', param });
            const wide = body(`{"a":[${'[],'.repeat(200_000)}0]}`);
            expect(await send({ body: wide })).toEqual({ status: 400, code: 'json_too_deep', param });
          }
        }
      });
      // 18 requests, without those of the neighbour. A clock would measure the load of the machine.
      for (const ms of computed) expect(ms()).toBeLessThan(18 * 50);
      for (const growth of memories) expect(growth()).toBeLessThan(100);
      const healthy = (await scene.simulator.calls()).filter(({ body }) => body.includes('rid=')).length;
      expect((await scene.simulator.stats()).total - before).toBeLessThanOrEqual(healthy);
    },
  );

  it('is refused while it inflates, when 200 bytes hold ten million brackets', async () => {
    const text = `{"a":${'['.repeat(9_900_000)}${']'.repeat(9_900_000)}}`;
    const body = squeezed(
      JSON.stringify({ model: 'gemini', messages: [user, { role: 'assistant', tool_calls: [call(text)] }] }),
    );
    expect(body.length).toBeLessThan(300);
    const grown = [watchMemory(ingress()), watchMemory(worker())];
    expect((await send({ body, coding: 'br' })).status).toBe(413);
    for (const growth of grown) expect(growth()).toBeLessThan(60);
  });
});

describe('F46 bytes in flight', () => {
  const image = (bytes: number): string =>
    JSON.stringify({
      model: 'demo-hang',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(bytes)}` } },
          ],
        },
      ],
    });
  const keys = JSON.stringify({
    model: 'demo',
    messages: [],
    ...Object.fromEntries(Array.from({ length: 90_000 }, (_, at) => [`k${at.toString(36)}`, 0])),
  });

  it.each<[string, Sent, number]>([
    [
      '60 of 140 bytes that inflate to 20 MB',
      { body: squeezed(image(20 * megabytes)), coding: 'br', key: attackersKey(1) },
      60,
    ],
    [
      '60 of 20 kB that inflate to 20 MB',
      { body: gzipSync(image(20 * megabytes)), coding: 'gzip', key: attackersKey(2) },
      60,
    ],
    [
      '20 of 200 bytes that inflate to 200 MB',
      { body: squeezed('x'.repeat(200 * megabytes)), coding: 'br', key: attackersKey(3) },
      20,
    ],
    ['60 with 90,000 names', { body: gzipSync(keys), coding: 'gzip', key: attackersKey(4) }, 60],
    [
      '60 of 10 MB in chunks that are not JSON',
      { body: 'x'.repeat(10 * megabytes), isChunked: true, key: attackersKey(5) },
      60,
    ],
  ])('%s are refused, and cost a bounded share', async (_, sent, count) => {
    const growth = watchMemory(ingress());
    const computed = watchCpu(ingress());
    await besideNeighbour(async () => {
      const answers = await Promise.all(Array.from({ length: count }, () => send(sent)));
      const others = answers.filter(({ status }) => status !== 0 && (status < 400 || status > 429));
      expect(others).toEqual([]);
    });
    expect(growth()).toBeLessThan(300);
    expect(computed()).toBeLessThan(count * 100);
  });

  it('are paused beyond the budget of a key, and read when there is room', async () => {
    const growth = watchMemory(ingress());
    const body = image(15 * megabytes).replace('demo-hang', 'no-such-model');
    await besideNeighbour(async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => send({ body, key: apiKey })));
      const statuses = new Set(answers.map(({ status }) => status));
      expect([...statuses].filter((status) => status !== 404 && status !== 429 && status !== 0)).toEqual([]);
    });
    expect(growth()).toBeLessThan(400);
    await until(async () => (await send({ body: '{}', key: apiKey })).status === 400, {
      what: 'room for small bodies',
    });
  });
});

describe('F47 answers that their client does not read', () => {
  const head = (path: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${attackersKey()}\r\n\r\n`;

  async function pipeline(path: string, count: number): Promise<Socket> {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.pause();
    socket.write(head(path).repeat(count));
    return socket;
  }

  it.each(['/livez', '/health', '/v1/models', '/v1/models/demo', '/nowhere', '/v1/models/%ff'])(
    '2,000 requests for %s on one connection cost next to nothing',
    async (path) => {
      const growth = watchMemory(ingress());
      const sockets: Socket[] = [];
      await besideNeighbour(async () => {
        for (let round = 0; round < 3; round++) sockets.push(await pipeline(path, 2000));
        for (let asked = 0; asked < 20; asked++) {
          expect((await fetch(`${origin}/livez`)).status).toBe(200);
        }
      });
      expect(growth()).toBeLessThan(60);
      for (const socket of sockets) socket.destroy();
    },
  );

  it('are all sent to a client that reads them, in their order', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    const paths = Array.from({ length: 2000 }, (_, at) => `/v1/models/demo-${at}`);
    socket.write(paths.map(head).join(''));
    let text = '';
    for await (const piece of socket.setEncoding('utf8')) {
      text += String(piece);
      if (text.includes('"demo-1999"')) break;
    }
    const ids = Array.from(text.matchAll(/"id":"demo-(\d+)"/g), ([, id]) => Number(id));
    expect(ids).toEqual(paths.map((_, at) => at));
  });
});

describe('a client that sends its request slowly', () => {
  const open = (text: string): { readonly socket: Socket; readonly over: Promise<{ ms: number; answer: string }> } => {
    const beganAt = performance.now();
    const socket = connect(Number(new URL(origin).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece) => (answer += String(piece)));
    socket.on('error', () => undefined);
    const over = once(socket, 'close').then(() => ({ ms: performance.now() - beganAt, answer }));
    return { socket, over };
  };
  const post = (key: string): string =>
    `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`;

  it('has 10 s for its headers and 60 s for its body, whether it has a key or not', async () => {
    const [headers, body, refused] = [
      open('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n'),
      open(post(attackersKey())),
      open(post('sk-wrong-0001')),
    ];
    const drip = setInterval(() => {
      for (const { socket } of [body, refused]) socket.write(' ');
    }, 1000);
    const slow = await headers.over;
    expect(slow.answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(slow.ms).toBeGreaterThan(9000);
    expect(slow.ms).toBeLessThan(13_000);
    const [slowBody, slowRefused] = await Promise.all([body.over, refused.over]);
    clearInterval(drip);
    expect(slowBody.answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(slowRefused.answer).toMatch(/^HTTP\/1\.1 401 /);
    for (const { ms } of [slowBody, slowRefused]) {
      expect(ms).toBeGreaterThan(55_000);
      expect(ms).toBeLessThan(65_000);
    }
    // The ingress is unaffected by all that.
    await scene.expectInvariants();
  }, 120_000);
});
