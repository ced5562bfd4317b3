import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from '../sluice.ts';
import { metric } from '../traffic.ts';
import { type HostileRequest, hostileRequests } from './hostile-requests.ts';
import { outcomesOf, type Scene, startScene } from './scene.ts';

const hostileCount = 100_000;
const parallel = 16;
const seed = 20_261_121;

let scene: Scene;
let origin: string;
let managementUrl: string;
beforeAll(async () => {
  scene = await startScene({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      keys: [{ name: 'test', key: apiKey }],
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-sim-a' }] },
      ],
      models: [{ id: 'demo*', targets: [{ upstream: 'sim' }] }],
      log: { level: 'warn' },
    }),
    env: { LOG_LEVEL: 'warn' },
  });
  [origin = ''] = scene.fleet.urls;
  managementUrl = scene.fleet.ingresses[0]?.managementUrl ?? '';
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function send(agent: Agent, { method, path, headers, body }: HostileRequest): Promise<Answer> {
  const outgoing = request(origin + path, { agent, method, headers: { ...headers, 'content-length': body.length } });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += String(piece);
  return { status: response.statusCode ?? 0, text };
}

/** Returns the reason why this is not a correct refusal; undefined if it is one. */
function complaint({ status, text }: Answer): string | undefined {
  if (status < 400 || status > 499) return `status ${status}: ${text.slice(0, 200)}`;
  const parsed = JSON.parse(text) as { readonly error?: object };
  const fields = Object.keys(parsed.error ?? {}).toSorted();
  return fields.join() === 'code,message,param,type' ? undefined : `fields ${fields.join()}`;
}

describe('F36 a hundred thousand malformed requests', () => {
  it('each get a 4xx in the envelope, while other clients are served', async () => {
    await metric(managementUrl, 'nodejs_eventloop_lag_p99_seconds');
    const agent = new Agent({ keepAlive: true, maxSockets: parallel });
    const healthy: ReturnType<Scene['ask']>[] = [];
    let isOver = false;
    async function serveOthers(): Promise<void> {
      while (!isOver) {
        const asked = scene.ask({ model: 'demo-i10', tokens: 20 });
        healthy.push(asked);
        await asked.over;
      }
    }
    const others = Promise.all([serveOthers(), serveOthers()]);
    const samples = fc.sample(hostileRequests(apiKey), { numRuns: hostileCount / 10, seed });
    const complaints: string[] = [];
    let next = 0;
    async function attack(): Promise<void> {
      while (next < hostileCount) {
        const hostile = samples[next++ % samples.length];
        if (hostile === undefined) return;
        const wrong = complaint(await send(agent, hostile));
        if (wrong !== undefined) complaints.push(`${wrong} for ${hostile.body.toString().slice(0, 300)}`);
      }
    }
    await Promise.all(Array.from({ length: parallel }, attack));
    isOver = true;
    await others;
    agent.destroy();
    expect(complaints.slice(0, 5)).toEqual([]);
    expect(await metric(managementUrl, 'nodejs_eventloop_lag_p99_seconds')).toBeLessThan(0.05);
    expect(healthy.length).toBeGreaterThan(50);
    expect(outcomesOf(healthy)).toEqual({ complete: healthy.length });
    await scene.expectInvariants({ maxCalls: 1 });
  }, 300_000);

  it.each([
    ['two lengths', 'POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc'],
    [
      'a length and chunks',
      'POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
    ],
    ['a space in a header name', 'GET /v1/models HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['a folded header', 'GET /v1/models HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nContent-Length : 3\r\n\r\n'],
    ['chunks of no size', 'POST /v1/models HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n'],
    ['no HTTP at all', '\u0016\u0003\u0001\u0000\u0000'],
    ['20 KB of headers', `GET /v1/models HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`],
  ])('%s end the connection with a 4xx', async (_what, text) => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.write(text, 'latin1');
    let answer = '';
    for await (const piece of socket.setEncoding('utf8')) answer += String(piece);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).toContain('"error":{');
  });
});
