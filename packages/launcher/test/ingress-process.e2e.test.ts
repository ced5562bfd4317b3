import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@sluice/testkit';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const file = `
keys: [{ name: team, key: sk-client-0001 }]
upstreams:
  - id: upstream-of-the-heap
    type: openai
    base_url: https://api.example/v1
    credentials: [{ id: a, api_key: canary-of-the-file-0001 }, { id: b, api_key: "\${PROVIDER_KEY}" }]
    headers: { X-Account: canary-of-a-header-0001 }
    options: { headers: { X-Option: canary-of-an-option-0001 } }
    proxy: http://me:canary-of-a-proxy-0001@proxy.example:3128
models: [{ id: "*", targets: [{ upstream: upstream-of-the-heap }] }]
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-ingress-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'sluice.yaml'), file);
});

/** Starts an ingress from its sources, and waits until it listens; Redis need not be there. */
async function startIngress(...flags: readonly string[]): Promise<ChildProcess> {
  const main = join(root, 'services/ingress/src/main.ts');
  const child = spawn(process.execPath, ['--conditions=@sluice/source', ...flags, main], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      METRICS_PORT: '0',
      REDIS_URL: 'redis://me:word-of-redis-0001@127.0.0.1:1',
      PROVIDER_KEY: 'canary-of-the-environment-0001',
      HTTPS_PROXY: 'http://me:canary-of-an-environment-proxy-0001@proxy.example:3128',
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  await until(() => output.includes('ingress listening') || child.exitCode !== null, {
    what: 'the ingress to listen',
    timeoutMs: 50_000,
  });
  expect(output).toContain('ingress listening');
  return child;
}

describe('the process of an ingress', () => {
  it('loads of the providers their catalogue alone', async () => {
    const list = join(folder, 'modules');
    const hooks = `
      import { appendFileSync } from 'node:fs';
      import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); } });
    `;
    await startIngress('--import', `data:text/javascript,${encodeURIComponent(hooks)}`);
    const loaded = readFileSync(list, 'utf8').split('\n');
    const ofProviders = loaded.flatMap((url) => url.split('/packages/providers/src/')[1] ?? []);
    expect(ofProviders).toContain('catalogue.ts');
    const isData = (name: string): boolean => /^(?:catalogue\.ts|[a-z-]+\/(?:entry|options)\.ts)$/.test(name);
    expect(ofProviders.filter((name) => !isData(name))).toEqual([]);
    expect(loaded.filter((url) => /packages\/(?:upstream|(?:access-)?tokens)\//.test(url))).toEqual([]);
  });

  it('holds no secret of a provider or a proxy once it listens', async () => {
    const child = await startIngress('--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${folder}`);
    child.kill('SIGUSR2');
    const read = (): string | undefined => {
      const name = readdirSync(folder).find((name) => name.endsWith('.heapsnapshot'));
      const text = name === undefined ? '' : readFileSync(join(folder, name), 'utf8');
      return text.trimEnd().endsWith('}') ? text : undefined;
    };
    const heap = await until(read, { what: 'the snapshot of the heap', timeoutMs: 50_000, intervalMs: 200 });
    expect(heap).toContain('upstream-of-the-heap');
    // The snapshot holds the values that the ingress needs, so it would hold a secret as well.
    expect(heap).toContain('word-of-redis-0001');
    expect([...new Set(heap.match(/canary-[a-z-]+-0001/g))]).toEqual([]);
  });
});
