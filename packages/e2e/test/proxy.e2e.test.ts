import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterFile, untilLogged } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import { freshPage, post } from './traffic.ts';

const password = 'canary-of-the-proxy';
const header = 'canary-of-a-header';

interface Proxy {
  readonly address: string;
  readonly asked: string[];
  /** User and password of each request. */
  readonly users: string[];
}

/** A proxy that resolves `provider.test`, and requires a password if it has one. */
async function startProxy(simulatorUrl: string, isStrict = false): Promise<Proxy> {
  const asked: string[] = [];
  const users: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { 'proxy-authorization': authorization = '', ...headers } = request.headers;
    users.push(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString());
    if (isStrict && authorization === '') return void response.writeHead(407).end('who are you?');
    const { pathname, search } = new URL(String(request.url));
    const forwarded = httpRequest(simulatorUrl + pathname + search, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    return void request.pipe(forwarded);
  });
  afterFile(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, users };
}

let sluice: Sluice;
let ofEnvironment: Proxy;
let strict: Proxy;
beforeAll(async () => {
  const env: Record<string, string> = { NO_PROXY: 'straight.test' };
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    env,
    config: async (simulatorUrl) => {
      ofEnvironment = await startProxy(simulatorUrl);
      strict = await startProxy(simulatorUrl, true);
      env['HTTP_PROXY'] = `http://${ofEnvironment.address}`;
      const credentials = [{ id: 'a', api_key: 'tok-a' }];
      const at = (id: string, over: object): object => ({
        id,
        type: 'openai',
        base_url: 'http://provider.test/v1',
        credentials,
        ...over,
      });
      return {
        keys: [{ name: 'test', key: apiKey }],
        retry: { max_attempts: 1 },
        upstreams: [
          at('environment', { headers: { 'X-Team': header } }),
          at('own', { proxy: `http://ann:${password}@${strict.address}` }),
          at('wrong', { proxy: `http://${strict.address}` }),
          at('gone', { proxy: 'http://127.0.0.1:1' }),
          at('none', { proxy: 'none', base_url: `${simulatorUrl}/v1` }),
          at('loopback', { base_url: `${simulatorUrl}/v1` }),
          at('exempt', { base_url: 'http://straight.test/v1' }),
        ],
        models: ['environment', 'own', 'wrong', 'gone', 'none', 'loopback', 'exempt'].map((id) => ({
          id,
          targets: [{ upstream: id, model: 'demo-t3' }],
        })),
      };
    },
  });
});

const errorOf = async (model: string): Promise<{ readonly code: string; readonly message: string }> => {
  const response = await post(sluice, { model });
  expect(response.status).toBe(502);
  return ((await response.json()) as { error: { code: string; message: string } }).error;
};

describe('a worker in a network with proxies', () => {
  it('calls through the proxy of its environment', async () => {
    expect((await post(sluice, { model: 'environment' })).status).toBe(200);
    expect(ofEnvironment.asked).toEqual(['POST http://provider.test/v1/chat/completions']);
    const [call] = (await sluice.simulator.calls()).slice(-1);
    expect(call?.headers['x-team']).toBe(header);
  });

  it('calls through the proxy of an upstream, with its user and password', async () => {
    expect((await post(sluice, { model: 'own' })).status).toBe(200);
    expect(strict.users).toEqual([`ann:${password}`]);
  });

  it('calls loopback and exempt hosts directly', async () => {
    const before = ofEnvironment.asked.length;
    for (const model of ['none', 'loopback']) expect((await post(sluice, { model })).status).toBe(200);
    expect((await errorOf('exempt')).message).toContain('could not be resolved');
    expect(ofEnvironment.asked).toHaveLength(before);
  });

  it('says what is wrong when a proxy refuses or is unreachable', async () => {
    expect(await errorOf('wrong')).toMatchObject({ code: 'proxy_authentication' });
    expect(await errorOf('gone')).toMatchObject({ code: 'proxy_unreachable' });
    const [worker] = sluice.fleet.workers;
    await untilLogged(worker, 'proxy_authentication');
    await untilLogged(worker, 'The outbound proxy could not be reached.');
  });

  it('logs at its start the upstreams with a proxy, and never a secret', async () => {
    const [worker] = sluice.fleet.workers;
    const log = await untilLogged(worker, 'upstreams are called through a proxy');
    expect(log).toContain(`"proxy":"http://${strict.address}"`);
    for (const secret of [password, header, Buffer.from(`ann:${password}`).toString('base64')]) {
      expect(log).not.toContain(secret);
      expect(sluice.fleet.ingresses[0]?.output()).not.toContain(secret);
    }
  });

  it('counts its connections and the calls that wait for one', async () => {
    const page = await freshPage(sluice.fleet.workers[0]?.managementUrl ?? '');
    expect(page).toMatch(/^sluice_upstream_connections\{upstream="environment"\} 1$/m);
    expect(page).toMatch(/^sluice_upstream_waiting_calls\{upstream="environment"\} 0$/m);
  });
});
