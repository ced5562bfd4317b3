import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { ConfigError, createSecret, loadConfig } from '@sluice/config';
import type { UpstreamFailure } from '@sluice/protocol';
import { generate } from 'selfsigned';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CallClient, createUpstreamClients, headerSecrets } from '../../src/targets/upstream-clients.ts';

const issue = (name: string, options: Parameters<typeof generate>[1] = {}) =>
  generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    ...options,
  });

/** A provider that accepts only clients with a certificate of its authority, and answers with their headers. */
async function startProvider() {
  const authority = await issue('An authority', {
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const ca = { key: authority.private, cert: authority.cert };
  const [server, worker] = [await issue('localhost', { ca }), await issue('worker.example', { ca })];
  const provider = createServer(
    { key: server.private, cert: server.cert, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.end(`${String(subject.CN)} ${String(request.headers['x-team'])}`);
    },
  );
  onTestFinished(() => {
    provider.closeAllConnections();
    provider.close();
  });
  await once(provider.listen(0, '127.0.0.1'), 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = { ca: authority.cert, cert: worker.cert, key: worker.private };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.pem`), text);
  return { url: `https://localhost:${(provider.address() as AddressInfo).port}/v1`, folder };
}

/** The clients of these upstreams, closed after the test. */
function clientsOf(upstreams: readonly object[], cwd = '/srv') {
  const file = JSON.stringify({
    keys: [{ name: 'a', key: 'sk-any-key-0001' }],
    upstreams,
    models: [{ id: '*', targets: [{ upstream: 'up' }] }],
  });
  const config = loadConfig({ env: {}, cwd, readFile: () => file });
  const clients = createUpstreamClients({ config, connectTimeoutMs: 2000, onThrow: () => undefined });
  onTestFinished(() => clients.close());
  return clients;
}

const call = (client: CallClient, url: string) =>
  new Promise<string | UpstreamFailure>((resolve) => {
    let text = '';
    client.call(
      { method: 'GET', url, headers: {}, body: undefined },
      { onHead: () => undefined, onText: (piece) => (text += piece), onEnd: () => resolve(text), onFailure: resolve },
    );
  });

describe('the client of an upstream', () => {
  it('has the certificates and headers of this upstream, and of no other', async () => {
    const { url, folder } = await startProvider();
    const tls = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' };
    const clients = clientsOf(
      [
        { id: 'up', type: 'openai', base_url: url, tls, headers: { 'X-Team': 'blue' } },
        { id: 'other', type: 'openai', base_url: url },
      ],
      folder,
    );
    expect(await call(clients.of('up'), url)).toBe('worker.example blue');
    expect(await call(clients.of('other'), url)).toMatchObject({ code: 'certificate_unknown_authority' });
    expect(clients.pools()).toEqual([
      { upstream: 'up', open: 1, waiting: 0 },
      { upstream: 'other', open: 0, waiting: 0 },
    ]);
  });

  it('keeps certificates and headers from every other host that its type calls', async () => {
    const { url, folder } = await startProvider();
    const plain = createPlainServer((request, response) => response.end(String(request.headers['x-team'])));
    onTestFinished(() => {
      plain.closeAllConnections();
      plain.close();
    });
    await once(plain.listen(0, '127.0.0.1'), 'listening');
    const elsewhere = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/oauth/token`;
    const tls = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' };
    const up = { type: 'openai', tls, headers: { 'x-team': 'blue' } };
    const clients = clientsOf(
      [
        { ...up, id: 'up', base_url: url },
        { ...up, id: 'away', base_url: 'https://provider.example/v1' },
        { id: 'plain', type: 'openai', base_url: new URL(elsewhere).origin, headers: { 'x-team': 'blue' } },
      ],
      folder,
    );
    expect(await call(clients.of('up'), url)).toBe('worker.example blue');
    expect(await call(clients.of('up'), elsewhere)).toBe('undefined');
    expect(await call(clients.of('away'), url)).toMatchObject({ code: 'certificate_unknown_authority' });
    expect(await call(clients.of('plain'), elsewhere)).toBe('blue');
  });

  it('does not exist if a file can not be read; the error names the file', () => {
    const up = { id: 'up', type: 'openai', base_url: 'https://a.example/v1', tls: { ca: 'absent.pem' } };
    expect(() => clientsOf([up])).toThrow(ConfigError);
    expect(() => clientsOf([up])).toThrow(
      /upstreams\[0\]\.tls\.ca: must be the path of a PEM file; \/srv\/absent\.pem/,
    );
  });
});

describe('the secrets of headers', () => {
  it('are their values and words, if these are long enough to be secrets', () => {
    const headers = { 'x-key': createSecret('Bearer secret-of-it'), 'x-version': createSecret('2') };
    expect(headerSecrets({ headers })).toEqual(['Bearer secret-of-it', 'secret-of-it']);
  });
});
