import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RedisServer, startProcess, startRedis } from '@sluice/testkit';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';

const issue = (name: string, options: Parameters<typeof generate>[1] = {}) =>
  generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    ...options,
  });

/** An authority, and a certificate for `localhost` that servers and clients of a test share. */
export interface TestCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The same certificates as files, as options of a Redis with TLS. */
  readonly options: readonly (readonly [name: string, value: string])[];
}

type AltName = { readonly type: 2; readonly value: string } | { readonly type: 7; readonly ip: string };

/** @param altName name in the certificate, instead of `localhost` */
export async function makeCertificates(altName: AltName = { type: 2, value: 'localhost' }): Promise<TestCertificates> {
  const authority = await issue('An authority', {
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  const { cert, private: key } = await issue('localhost', {
    ca: { key: authority.private, cert: authority.cert },
    extensions: [{ name: 'subjectAltName', altNames: [altName] }],
  });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const save = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const options = [
    ['tls-ca-cert-file', save('ca.pem', authority.cert)],
    ['tls-cert-file', save('cert.pem', cert)],
    ['tls-key-file', save('key.pem', key)],
    ['tls-auth-clients', 'no'],
  ] as const;
  return { ca: authority.cert, cert, key, options };
}

export interface TlsRedis {
  readonly server: RedisServer;
  readonly port: number;
  /** URL for the test's own commands: the server also speaks plain Redis on another port. */
  readonly plainUrl: string;
}

/** Starts a Redis with TLS on one port and plain text on another. */
export async function startTlsRedis(
  { options }: TestCertificates,
  more: readonly (readonly [name: string, value: string])[] = [],
): Promise<TlsRedis> {
  const port = await freePort();
  const settings = [...options, ['tls-port', String(port)] as const, ...more];
  const server = await startRedis({ args: settings.flatMap(([name, value]) => [`--${name}`, value]) });
  onTestFinished(() => server.stop());
  return { server, port, plainUrl: server.url };
}

interface SentinelOptions {
  readonly certificates: TestCertificates;
  readonly masterPort: number;
  readonly masterPassword: string;
  readonly password: string;
}

/** Starts a sentinel that accepts only TLS, requires a password, and connects to its master with TLS. */
export async function startTlsSentinel(options: SentinelOptions): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sentinel-tls-'));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    'port 0',
    `tls-port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    ...options.certificates.options.map(([name, value]) => `${name} ${value}`),
    'tls-replication yes',
    `requirepass ${options.password}`,
    'sentinel resolve-hostnames yes',
    'sentinel announce-hostnames yes',
    `sentinel monitor main localhost ${options.masterPort} 1`,
    `sentinel auth-pass main ${options.masterPassword}`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const running = await startProcess({
    command: 'redis-server',
    args: [file, '--sentinel'],
    cwd: folder,
    ready: (sentinel) => sentinel.output().includes('+monitor'),
  });
  onTestFinished(async () => {
    await running.stop();
    rmSync(folder, { recursive: true });
  });
  return port;
}
