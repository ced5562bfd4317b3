import { until, untilLogged, verifies } from '@sluice/testkit';
import { beforeAll, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice } from './sluice.ts';

const mebibyte = 1024 * 1024;

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: {
      server: { memory_limit_bytes: 256 * mebibyte, max_body_bytes: 50 * mebibyte },
      // On a busy machine the first requests must not end before the last one has filled the memory.
      timeouts: { first_token_ms: 150_000 },
    },
  });
});

const send = (model: string, content: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${sluice.url()}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...ask(model, content), stream: true }),
    ...(signal === undefined ? {} : { signal }),
  });

const statusPage = async (): Promise<Readonly<Record<string, unknown>>> => {
  const response = await fetch(`${sluice.fleet.ingresses[0]?.managementUrl}/status`);
  return (await response.json()) as Readonly<Record<string, unknown>>;
};

it(
  'an ingress whose memory is full refuses new requests, until enough running ones have ended',
  { ...verifies('001-12', '001-34', '001-59'), timeout: 150_000 },
  async () => {
    expect((await send('demo-t1', 'before')).status).toBe(200);
    // The bytes of a request stay in memory until its answer ends.
    const client = new AbortController();
    const held: Promise<number>[] = [];
    let page: Awaited<ReturnType<typeof statusPage>> = {};
    const refused = await until(
      async () => {
        const begun = send('demo-hang', 'x'.repeat(48 * mebibyte), client.signal).then(
          ({ status }) => status,
          () => 0,
        );
        held.push(begun);
        await until(async () => (await sluice.simulator.stats()).open >= held.length || isOver(begun), {
          what: 'the request to run or to be refused',
          timeoutMs: 20_000,
        });
        const response = await send('demo-t1', 'during');
        // While a body is read and parsed it takes several times its size; only the memory that remains counts here.
        page = await statusPage();
        return response.status === 503 && page['status'] === 'degraded' && response;
      },
      { what: 'a refusal', timeoutMs: 90_000 },
    );
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toMatchObject({
      error: { type: 'overloaded_error', code: 'server_overloaded', message: expect.stringContaining('memory') },
    });
    expect(held.length).toBeGreaterThan(1);
    expect(page).toMatchObject({ status: 'degraded', memory_limit_mb: 256 });
    expect((await fetch(`${sluice.fleet.urls[0]}/readyz`)).status).toBe(200);

    client.abort();
    await Promise.all(held);
    await until(async () => (await send('demo-t1', 'after')).status === 200, {
      what: 'the ingress to serve again',
      timeoutMs: 20_000,
    });
    await untilLogged(sluice.fleet.ingresses[0], 'memory full: new requests are refused');
  },
);

async function isOver(request: Promise<unknown>): Promise<boolean> {
  return Promise.race([request.then(() => true), new Promise<false>((resolve) => setImmediate(() => resolve(false)))]);
}
