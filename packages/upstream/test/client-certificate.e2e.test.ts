import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProcess } from '@sluice/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authority, issue, signed } from './certificate-scene.ts';
import { startProxy } from './proxy-scene.ts';
import { ask, createClient } from './scene.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Starts a server that requires a certificate of the test authority. */
async function serveWithAlerts(version: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-alerts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { private: key, cert } = await signed();
  const files = { key, cert, ca: (await authority).cert };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const port = await freePort();
  const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', 'cert', '-key', 'key', '-CAfile', 'ca'];
  const server = await startProcess({
    command: 'openssl',
    args: [...args, '-Verify', '1', '-verify_return_error', `-${version}`, '-www'],
    cwd: folder,
    ready: (running) => running.output().includes('ACCEPT'),
  });
  onTestFinished(async () => void (await server.stop()));
  return `https://localhost:${port}/v1/x`;
}

// Node's own server sends no alert for a certificate of another authority.
describe.skipIf(!hasOpenssl)('a client certificate, with a server that sends alerts', () => {
  it.each<[string, string]>([
    ['tls1_3', 'straight'],
    ['tls1_3', 'through a proxy'],
    ['tls1_2', 'straight'],
    ['tls1_2', 'through a proxy'],
  ])('is required if missing, and refused if it is of another authority: %s, %s', async (version, way) => {
    const url = await serveWithAlerts(version);
    const { cert: ca } = await authority;
    const proxy = way === 'straight' ? undefined : await startProxy();
    const client = (tls: { readonly cert?: string; readonly key?: string }) =>
      createClient({ tls: { ca, ...tls }, ...(proxy && { proxyOf: () => ({ url: proxy.url }) }) });
    // In TLS 1.3 the alert comes after the handshake: the failure must be the same for every timing.
    for (let turn = 0; turn < 5; turn++) {
      const { failure } = await ask(url, { client: client({}) });
      if (version === 'tls1_3') expect(failure).toMatchObject({ kind: 'certificate', code: 'certificate_required' });
      else expect(failure?.message).toMatch(/refused the TLS handshake: it requires a client certificate/);
      const { private: key, cert } = await issue({}, 'worker.example');
      expect((await ask(url, { client: client({ cert, key }) })).failure).toMatchObject({
        kind: 'certificate',
        code: 'client_certificate_refused',
      });
    }
    expect(proxy?.asked.length ?? 0).toBeGreaterThanOrEqual(proxy === undefined ? 0 : 10);
  });
});
