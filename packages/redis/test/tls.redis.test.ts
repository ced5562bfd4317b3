import { createServer } from 'node:net';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:tls';
import { redisTest, until } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished } from 'vitest';
import { connect, type RedisConnection, type RedisSettings, untilReady } from '../src/index.ts';
import { makeCertificates, startTlsRedis, startTlsSentinel } from './tls-scene.ts';

interface Opened {
  readonly connection: RedisConnection;
  readonly errors: string[];
}

function open(settings: RedisSettings): Opened {
  const errors: string[] = [];
  const connection = connect({
    settings,
    role: 'command',
    name: 'test-tls',
    onError: ({ message }) => errors.push(message),
  });
  onTestFinished(() => connection.disconnect());
  return { connection, errors };
}

const secret = (text: string) => ({ reveal: () => text });

/** Returns the ports to which the clients of this name are connected. */
async function portsOfClients(url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    const list = String(await redis.call('CLIENT', 'LIST'));
    return [...list.matchAll(/laddr=\S+:(\d+).*name=test-tls/g)].map(([, port = '']) => port);
  } finally {
    redis.disconnect();
  }
}

/** Returns settings for a master and its sentinel, both with TLS, without the sentinel's own password. */
const behindSentinel = (port: number, ca: string) =>
  ({
    kind: 'sentinel',
    name: 'main',
    nodes: [{ host: 'localhost', port }],
    password: secret('master-pass-1'),
    tls: { ca },
    sentinelTls: { ca },
  }) as const;

describe('TLS to a single Redis', () => {
  redisTest('works with `tls` and with rediss://, with an ACL user', async () => {
    const certificates = await makeCertificates();
    const { port, plainUrl } = await startTlsRedis(certificates);
    const { ca } = certificates;
    const admin = new Redis(plainUrl);
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'ann', 'on', '>ann-secret', '~*', '+@all');
    for (const url of [`redis://localhost:${port}`, `rediss://localhost:${port}`]) {
      const settings = { kind: 'single', url, tls: { ca }, username: 'ann', password: secret('ann-secret') } as const;
      const { connection } = open(settings);
      await untilReady(connection, 5000);
      expect(await connection.call('ACL', 'WHOAMI')).toBe('ann');
    }
    expect(await portsOfClients(plainUrl)).toEqual([String(port), String(port)]);
  });

  redisTest('shows a client certificate if the server requires one, else names the missing setting', async () => {
    const certificates = await makeCertificates();
    const { port } = await startTlsRedis(certificates, [['tls-auth-clients', 'yes']]);
    const { ca, cert, key } = certificates;
    const url = `redis://localhost:${port}`;
    const { connection } = open({ kind: 'single', url, tls: { ca, cert, key } });
    await untilReady(connection, 5000);
    const { errors } = open({ kind: 'single', url, tls: { ca } });
    await until(() => errors.some((error) => error.includes('set redis.tls.cert and redis.tls.key')), {
      what: 'the error of the missing certificate',
      timeoutMs: 10_000,
    });
  });

  redisTest('checks the name in the certificate against the host, or against the configured name', async () => {
    const certificates = await makeCertificates();
    const { port } = await startTlsRedis(certificates);
    const { ca } = certificates;
    const url = `redis://127.0.0.1:${port}`;
    const { errors } = open({ kind: 'single', url, tls: { ca } });
    await until(() => errors.some((error) => error.includes('set redis.tls.servername to that name')), {
      what: 'the error of the wrong name',
    });
    const { connection } = open({ kind: 'single', url, tls: { ca, servername: 'localhost' } });
    await untilReady(connection, 5000);
  });

  redisTest('reports the cause if only one side speaks TLS', async () => {
    const certificates = await makeCertificates();
    const { port, plainUrl } = await startTlsRedis(certificates);
    const says = async (settings: RedisSettings, words: string): Promise<void> => {
      const { errors } = open(settings);
      await until(() => errors.some((error) => error.includes(words)), {
        what: `the hint, not ${errors.join()}`,
        timeoutMs: 12_000,
      });
    };
    const { ca } = certificates;
    await Promise.all([
      says({ kind: 'single', url: `redis://localhost:${port}` }, 'if this port speaks TLS, set redis.tls'),
      says({ kind: 'cluster', nodes: [{ host: 'localhost', port }] }, 'if this port speaks TLS, set redis.tls'),
      says({ kind: 'single', url: plainUrl, tls: { ca } }, 'check that this port speaks TLS'),
      says(
        { kind: 'single', url: `rediss://localhost:${port}`, tls: true },
        'set redis.tls.ca, or NODE_EXTRA_CA_CERTS',
      ),
    ]);
  });
});

describe('TLS with sentinels', () => {
  redisTest('works for master and sentinels, each with its own password', async () => {
    const certificates = await makeCertificates();
    const { port } = await startTlsRedis(certificates, [
      ['requirepass', 'master-pass-1'],
      ['tls-replication', 'yes'],
    ]);
    const { ca } = certificates;
    const sentinelPort = await startTlsSentinel({
      certificates,
      masterPort: port,
      masterPassword: 'master-pass-1',
      password: 'sentinel-pass-1',
    });
    const settings = behindSentinel(sentinelPort, ca);
    const { connection } = open({ ...settings, sentinelPassword: secret('sentinel-pass-1') });
    await untilReady(connection, 10_000);
    expect(await connection.set('x', '1')).toBe('OK');
    const { errors } = open(settings);
    await until(() => errors.some((error) => error.includes('redis.sentinel.password')), {
      what: 'the error of the missing password',
    });
  });

  redisTest('never sends a byte in plain text to a master that does not speak TLS', async () => {
    const certificates = await makeCertificates();
    const heard: Buffer[] = [];
    const master = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .once('data', (piece: Buffer) => {
          heard.push(piece);
          socket.destroy();
        }),
    );
    onTestFinished(() => void master.close());
    await once(master.listen(0, '127.0.0.1'), 'listening');
    const address = master.address();
    const masterPort = typeof address === 'object' && address !== null ? address.port : 0;
    const sentinelPort = await startTlsSentinel({
      certificates,
      masterPort,
      masterPassword: 'master-pass-1',
      password: 'sentinel-pass-1',
    });
    const { ca } = certificates;
    const { errors } = open({ ...behindSentinel(sentinelPort, ca), sentinelPassword: secret('sentinel-pass-1') });
    // The sentinel connects to this master too.
    await until(() => errors.length >= 3, { what: 'three connections of Sluice to break', timeoutMs: 10_000 });
    expect(heard.length).toBeGreaterThanOrEqual(3);
    for (const piece of heard) {
      // First byte of a TLS handshake.
      expect(piece[0]).toBe(0x16);
      expect(piece.toString('latin1')).not.toContain('master-pass-1');
    }
  });
});

describe('TLS to a cluster', () => {
  redisTest('connects to its nodes by name, so that their certificates match', async () => {
    const certificates = await makeCertificates();
    const { port, plainUrl } = await startTlsRedis(certificates, [
      ['cluster-enabled', 'yes'],
      ['tls-cluster', 'yes'],
      ['cluster-announce-hostname', 'localhost'],
      ['cluster-preferred-endpoint-type', 'hostname'],
      ['requirepass', 'cluster-pass-1'],
    ]);
    const node = new Redis(plainUrl, { password: 'cluster-pass-1' });
    onTestFinished(() => node.disconnect());
    await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok'), {
      what: 'the cluster to be ready',
    });
    const { connection } = open({
      kind: 'cluster',
      nodes: [{ host: 'localhost', port }],
      password: secret('cluster-pass-1'),
      tls: { ca: certificates.ca },
    });
    await untilReady(connection, 10_000);
    expect(await connection.set('x', '1')).toBe('OK');
  });
});

describe('a certificate that is refused', () => {
  async function serve({ cert, key }: { readonly cert: string; readonly key: string }): Promise<number> {
    const server = createTlsServer({ cert, key });
    server.on('tlsClientError', () => undefined);
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  const formsOf = (port: number, tls: Exclude<RedisSettings['tls'], undefined>) => {
    const nodes = [{ host: 'localhost', port }];
    return {
      single: { kind: 'single', url: `rediss://localhost:${port}`, tls },
      sentinel: { kind: 'sentinel', name: 'main', nodes, tls, sentinelTls: tls },
      cluster: { kind: 'cluster', nodes, tls },
    } as const;
  };

  for (const kind of ['single', 'sentinel', 'cluster'] as const) {
    const section = kind === 'sentinel' ? 'redis.sentinel.tls' : 'redis.tls';
    redisTest(`is reported with the cause and the setting to change: ${kind}`, async () => {
      const certificates = await makeCertificates({ type: 2, value: 'elsewhere.example' });
      const { ca: otherCa } = await makeCertificates();
      const port = await serve(certificates);
      for (const [tls, words] of [
        [
          { ca: certificates.ca },
          `the name in the certificate is not the host of the connection: set ${section}.servername`,
        ],
        [true, `from an authority that is not trusted here: set ${section}.ca`],
        [{ ca: otherCa }, `from an authority that is not in ${section}.ca, which replaces all others: add it there`],
      ] as const) {
        const { connection, errors } = open(formsOf(port, tls)[kind]);
        await until(() => errors.some((error) => error.includes(words)), {
          what: `the hint, not ${errors.join()}`,
          timeoutMs: 10_000,
        });
        connection.disconnect();
      }
    });
  }
});

/** Starts a server that records the name it is addressed by, and shows no certificate. */
async function startNameTeller(): Promise<{ readonly port: number; readonly names: readonly string[] }> {
  const names: string[] = [];
  const server = createTlsServer({
    SNICallback(name, callback) {
      names.push(name);
      callback(new Error('no certificate'));
    },
  });
  server.on('tlsClientError', () => undefined);
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, names };
}

describe('the TLS server name', () => {
  for (const kind of ['single', 'sentinel', 'cluster'] as const) {
    redisTest(`is the host, if that is a name: ${kind}`, async () => {
      const { port, names } = await startNameTeller();
      const nodes = [{ host: 'localhost', port }];
      const forms = {
        single: { kind: 'single', url: `rediss://localhost:${port}`, tls: true },
        sentinel: { kind: 'sentinel', name: 'main', nodes, tls: true, sentinelTls: true },
        cluster: { kind: 'cluster', nodes, tls: true },
      } as const;
      open(forms[kind]);
      await until(() => names.length > 0, { what: 'a name', timeoutMs: 10_000 });
      expect(names[0]).toBe('localhost');
    });
  }

  redisTest('is absent for an IPv6 address, for which the certificate is checked', async () => {
    const certificates = await makeCertificates({ type: 7, ip: '::1' });
    const { port } = await startTlsRedis(certificates, [['bind', '127.0.0.1 ::1']]);
    const { ca } = certificates;
    const { connection } = open({ kind: 'single', url: `rediss://[::1]:${port}`, tls: { ca } });
    await untilReady(connection, 5000);
    expect(await connection.set('x', '1')).toBe('OK');
  });
});
