import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { freePort } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { type ManagementServer, startManagementServer } from '../src/management-server.ts';

const page = { contentType: 'text/plain; version=0.0.4', body: `${'x'.repeat(99)}\n`.repeat(6000) };
const pages = { text: page, openmetrics: { contentType: 'application/openmetrics-text', body: '# EOF\n' } };
const servers: ManagementServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function start(over: { readonly port?: number; readonly mayTakeAnother?: boolean } = {}) {
  const warnings: unknown[] = [];
  const answer = (status: number, name: string) => () => ({ status, body: { page: name } });
  const server = await startManagementServer({
    host: '127.0.0.1',
    port: 0,
    mayTakeAnother: false,
    metrics: (format) => Promise.resolve(pages[format]),
    livez: answer(200, 'livez'),
    readyz: answer(503, 'readyz'),
    health: answer(200, 'health'),
    status: answer(200, 'status'),
    logger: { warn: (fields: unknown) => void warnings.push(fields) },
    ...over,
  });
  servers.push(server);
  return { server, warnings, url: `http://127.0.0.1:${server.port}` };
}

describe('the management server', () => {
  it.each([
    ['/livez', 200, { page: 'livez' }],
    ['//livez', 200, { page: 'livez' }],
    ['/readyz', 503, { page: 'readyz' }],
    ['/health', 200, { page: 'health' }],
    ['/status?verbose=1', 200, { page: 'status' }],
    ['/v1/models', 404, { status: expect.stringContaining('/metrics') }],
  ])('answers %s with %i', async (path, status, body) => {
    const { url } = await start();
    const response = await fetch(url + path);
    expect([response.status, await response.json()]).toEqual([status, body]);
  });

  it('shows the rendered metrics', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toBe(page.contentType);
    expect(await response.text()).toBe(page.body);
  });

  it('sends OpenMetrics to scrapers that accept it', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/metrics`, {
      headers: { accept: 'application/openmetrics-text;version=1.0.0' },
    });
    expect(response.headers.get('content-type')).toBe('application/openmetrics-text');
    expect(await response.text()).toBe('# EOF\n');
  });

  it('ends a connection that sends requests without reading answers', async () => {
    const { server, url } = await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => void socket.once('close', resolve));
    await once(socket, 'connect');
    const before = process.memoryUsage().rss;
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2000));
    socket.resume();
    await closed;
    // 2,000 pages of 600 KB would be 1.2 GB.
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('replaces an occupied default port with a warning, and rejects an occupied configured port', async () => {
    const taken = createServer();
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    const { port } = taken.address() as AddressInfo;
    const { server, warnings } = await start({ port, mayTakeAnother: true });
    expect(server.port).not.toBe(port);
    expect(warnings).toEqual([{ taken: port, port: server.port }]);
    await expect(start({ port })).rejects.toThrow(/EADDRINUSE/);
    taken.close();
  });

  it('stops listening once closed', async () => {
    const { server, url } = await start({ port: await freePort() });
    server.close();
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
  });
});
