import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createUpstreamHealth } from '@sluice/upstream-health';
import { connect, createKeys, type RedisConnection } from '@sluice/redis';
import {
  afterFile,
  freePort,
  type RedisServer,
  simulatorControl,
  type SimulatorProcess,
  spawnService,
  startRedis,
  startRedisCluster,
  startRedisFailover,
  verifies,
} from '@sluice/testkit';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Check } from '../../src/doctor/check.ts';
import { countOf, toJson, toText } from '../../src/doctor/report.ts';
import { type Examination, examine, findings, runDoctor } from './run-doctor.ts';

const password = 'canary-redis-password';
const providerKey = 'canary-provider-key-0001';
const clientKey = 'sk-canary-client-key-0001';

let redis: RedisServer;
let simulator: SimulatorProcess;
beforeAll(async () => {
  redis = await startRedis({ args: ['--requirepass', password] });
  afterFile(() => redis.stop());
  simulator = await spawnService('simulator');
  afterFile(() => simulator.stop());
});

const redisUrl = (secret = password): string => `redis://:${secret}@${redis.host}:${redis.port}`;

/** The rights of a user in SECURITY.md, without its password. */
function rulesOf(name: string): string[] {
  const page = readFileSync(new URL('../../../../SECURITY.md', import.meta.url), 'utf8');
  const [, rules = ''] = new RegExp(`^user ${name} on >PASSWORD ([^]*?)\\n(?=\\n|user |\`\`\`)`, 'm').exec(page) ?? [];
  return rules.split(/\s+/);
}

/** As the default user. */
function admin(): RedisConnection {
  const connection = connect({
    settings: { kind: 'single', url: redisUrl() },
    role: 'blocking',
    name: 'test',
    onError: () => undefined,
  });
  onTestFinished(() => connection.disconnect());
  return connection;
}

/** A configuration without findings, with the changes of a test. */
async function healthy(upstream: object = {}): Promise<Examination & { readonly config: object }> {
  return {
    config: {
      server: { port: await freePort(), metrics_port: await freePort() },
      worker: { metrics_port: await freePort() },
      keys: [{ name: 'team', key: clientKey }],
      upstreams: [
        {
          id: 'sim',
          type: 'openai',
          base_url: `${simulator.url}/v1`,
          credentials: [{ id: 'main', api_key: providerKey }],
          ...upstream,
        },
      ],
      models: [{ id: '*', targets: [{ upstream: 'sim' }] }],
    },
    env: { REDIS_URL: redisUrl() },
  };
}

async function listenHttps(): Promise<string> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const server = createHttpsServer({ key, cert }, (_request, response) => response.end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}/v1`;
}

describe('the doctor', () => {
  it('finds nothing in a correct set-up, and exits with 0', async () => {
    const { code, output } = await runDoctor({ ...(await healthy()), args: ['--json'] });
    const report = JSON.parse(output) as { ok: boolean; problems: number; warnings: number; checks: Check[] };
    expect(findings(report)).toEqual([]);
    expect([code, report.ok, report.problems, report.warnings]).toEqual([0, true, 0, 0]);
    const texts = report.checks.map(({ id, text }) => `${id}: ${text}`).join('\n');
    expect(texts).toMatch(/redis\.version: (?:Redis|Valkey) \d+\.\d+\.\d+ answers at 127\.0\.0\.1:\d+\./);
    for (const part of [
      'redis.eviction: A full Redis throws no keys away',
      'redis.write: Redis takes writes.',
      'redis.rights: The Redis user may send all commands, to all keys',
      'clock.redis: This machine',
      'clock.upstream: This machine',
      'upstream.models: The provider accepts the key and lists 4 models (200).',
      'files.rights: No other user can read',
      'machine.node: Sluice runs on Node 24',
    ]) {
      expect(texts).toContain(part);
    }
  });

  it('prints settings with their origins, and its findings, for people', verifies('003-58'), async () => {
    const { config, env } = await healthy({ options: { headers: { 'x-sim-directives': 'e401' } } });
    const { code, output } = await runDoctor({
      config,
      // The launcher sets this variable.
      env: { ...env, LOG_LEVEL: 'warn', SLUICE_DOCTOR_DOTENV_NAMES: 'OTHER,LOG_LEVEL' },
    });
    expect(code).toBe(1);
    expect(output).toMatch(/^ {2}keys\[0\]\.name +team +\.\/sluice\.yaml:\d+$/m);
    expect(output).toMatch(/^ {2}redis\.url +redis:\/\/\[secret\]@127\.0\.0\.1:\d+ +environment variable REDIS_URL$/m);
    expect(output).toMatch(/^ {2}log\.level +warn +LOG_LEVEL in \.env$/m);
    expect(output).toMatch(/^ {2}limits\.queue_size +500 +default$/m);
    expect(output).toMatch(/^ {2}ok +Redis takes writes\.$/m);
    expect(output).toMatch(
      /^ {2}problem +Upstream sim, credential main: The provider refuses the key \(401\)\.\n +Correct/m,
    );
    expect(output).toContain('1 problem.');
    expect(output).not.toContain('canary');
  });

  it('makes no call that is billed', async () => {
    const simulated = simulatorControl(simulator.url);
    await simulated.reset();
    await examine(await healthy());
    expect((await simulated.calls()).map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models']);
  });

  it('leaves no keys in Redis', async () => {
    await examine(await healthy());
    expect(await admin().keys('*')).toEqual([]);
  });

  it('shows no secret in any finding', async () => {
    const { config } = await healthy({
      options: { headers: { 'x-sim-directives': 'e401', 'x-account': 'canary-account-0001' } },
    });
    const runs: Examination[] = [
      { config, env: { REDIS_URL: redisUrl() } },
      { config, env: { REDIS_URL: redisUrl('canary-wrong-password') } },
      { config, env: { REDIS_URL: redisUrl("it's @ canary-wrong") } },
      {
        config,
        env: {
          REDIS_URL: redisUrl(),
          HTTPS_PROXY: 'alice:canary-proxy@proxy.example:3128',
          http_proxy: "http://alice:it's-canary@proxy.example:3128",
          ALL_PROXY: 'socks5://alice:canary-socks@proxy.example:1080',
        },
      },
      { config, env: { REDIS_URL: 'not a url canary-no-url' } },
      { config, env: { REDIS_URL: redisUrl(), SLUICE_SECRET_KEY: 'canary-operator-secret-0001' } },
      {
        env: {
          SLUICE_COMPAT: 'unified-proxy',
          API_KEY: 'canary-api-key-0001',
          BASE_URL: `${simulator.url}/v1`,
          REDIS_URL: redisUrl(),
        },
      },
    ];
    for (const run of runs) {
      const report = await examine(run);
      expect(report.checks.length).toBeGreaterThan(3);
      expect(`${toText(report)}\n${toJson(report)}`).not.toMatch(/canary/);
    }
  });

  it('describes the errors of the configuration, and continues with the other checks', async () => {
    const report = await examine({ config: { server: { port: 'x' } }, env: { SLUICE_API_KEYS: clientKey } });
    expect(findings(report)).toEqual([expect.stringMatching(/^problem config: server\.port must be/)]);
    expect(report.settings).toBeUndefined();
    expect(report.checks.map(({ id }) => id)).toContain('machine.memory');
  });

  it('refuses arguments that it does not know, with its usage', async () => {
    const { code, output } = await runDoctor({ args: ['--fix'] });
    expect([code, output.startsWith('Usage:')]).toEqual([1, true]);
  });

  it('reports no problem on a machine without any configuration', async () => {
    const report = await examine({ env: { PORT: String(await freePort()) } });
    expect(countOf(report.checks).problem).toBe(0);
    expect(findings(report)).toContainEqual(
      expect.stringContaining('warning upstream.none: No upstream is configured'),
    );
  });

  it('checks the Redis that a running npm start has started', async () => {
    const report = await examine({ config: (await healthy()).config, startedRedisUrl: redisUrl() });
    expect(report.checks).toContainEqual(expect.objectContaining({ id: 'redis.write', level: 'ok' }));
  });

  it('checks the database that is configured, or that a running npm start has started', async () => {
    const place = `127.0.0.1:${await freePort()}`;
    const url = `postgres://app:canary-database-password@${place}/records`;
    const { config } = await healthy();
    for (const examination of [
      { config, env: { DATABASE_URL: url } },
      { config, startedDatabaseUrl: url },
    ]) {
      const report = await examine(examination);
      expect(findings(report)).toContainEqual(
        expect.stringContaining(
          `problem database.connect: There is no usable database at ${place}: connect ECONNREFUSED`,
        ),
      );
      expect(toJson(report)).not.toContain('canary-database-password');
    }
    const placeholder = { DATABASE_URL: 'postgres://the-ingresses-have-it/records' };
    for (const env of [{}, placeholder, { DATABASE_URL: 'none' }]) {
      expect(findings(await examine({ config, env })).join()).not.toContain('database');
    }
  });
});

describe('a Redis', () => {
  it.each<[name: string, url: () => string | Promise<string>, finding: RegExp]>([
    [
      'that refuses the password',
      () => redisUrl('canary-wrong'),
      /redis\.login: .* refuses the user or the password\.$/,
    ],
    [
      'that wants a password',
      () => `redis://127.0.0.1:${redis.port}`,
      /redis\.login: .* wants a password, and none is given\.$/,
    ],
    [
      'that is not there',
      async () => `redis://127.0.0.1:${await freePort()}`,
      /redis\.connect: Nothing listens at 127/,
    ],
    [
      'whose name has no address',
      () => 'redis://no-such-host.invalid:6379',
      /redis\.dns: The name of Redis, no-such-host/,
    ],
    ['that does not speak TLS', () => redisUrl().replace('redis:', 'rediss:'), /redis\.connect: .* does not answer/],
    [
      'with a self-signed certificate',
      async () => (await listenHttps()).replace('https:', 'rediss:').replace('/v1', ''),
      /redis\.tls: .* is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT/,
    ],
  ])('%s gets a matching finding', async (_name, url, finding) => {
    const report = await examine({ ...(await healthy()), env: { REDIS_URL: await url() } });
    expect(findings(report)).toEqual([expect.stringMatching(finding)]);
  });

  it('in a cluster, and behind sentinels, is checked like a single one', async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    const sentinels = await startRedisFailover();
    onTestFinished(() => sentinels.stop());
    const { config } = await healthy();
    const toText = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
    for (const form of [
      { cluster: cluster.nodes.map(toText) },
      { sentinel: { name: sentinels.name, nodes: sentinels.sentinels.map(toText) } },
    ]) {
      const report = await examine({ config: { ...config, redis: form } });
      expect(findings(report)).toEqual([]);
      expect(report.checks.filter(({ id }) => id.startsWith('redis.')).map(({ id }) => id)).toEqual([
        'redis.version',
        'redis.tls',
        'redis.eviction',
        'redis.write',
        'redis.persistence',
        'redis.rights',
      ]);
    }
  });

  it('that evicts keys is a problem', async () => {
    const full = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
    onTestFinished(() => full.stop());
    expect(findings(await examine({ ...(await healthy()), env: { REDIS_URL: full.url } }))).toEqual([
      'problem redis.eviction: Redis has maxmemory-policy allkeys-lru: when its memory is full, it throws queued requests away.',
    ]);
  });

  it('that is a replica is reported as refusing writes', async () => {
    const replica = await startRedis({
      args: ['--replicaof', redis.host, String(redis.port), '--masterauth', password],
    });
    onTestFinished(() => replica.stop());
    expect(findings(await examine({ ...(await healthy()), env: { REDIS_URL: replica.url } }))).toEqual([
      'problem redis.write: This Redis is a replica and takes no writes (READONLY).',
    ]);
  });

  it('whose user lacks commands or keys gets a list of them', async () => {
    const user = async (name: string, ...rules: string[]): Promise<string[]> => {
      await admin().call('ACL', 'SETUSER', name, 'reset', 'on', '>canary-narrow', ...rules);
      const url = `redis://${name}:canary-narrow@${redis.host}:${redis.port}`;
      return findings(await examine({ ...(await healthy()), env: { REDIS_URL: url } }));
    };
    expect(await user('narrow', '~sluice:*', '+@all', '-xadd', '-evalsha')).toEqual([
      'problem redis.rights: The Redis user is too narrow (NOPERM): Sluice also sends evalsha, xadd.',
    ]);
    expect(await user('elsewhere', '~other:*', '+@all')).toContainEqual(
      expect.stringMatching(/^problem redis\.rights: .* Sluice also uses keys such as sluice:\{q0\}, /),
    );
    expect(await user('ingress', ...rulesOf('sluice-ingress'))).toEqual([
      'warning redis.rights: The Redis user is enough for an ingress; a worker also sends pexpireat, rpush, ltrim, rpoplpush, zpopmin, bzpopmin, zremrangebyrank and uses keys such as sluice:{up:doctor}.',
    ]);
    expect(await user('worker', ...rulesOf('sluice-worker'))).toEqual([
      'warning redis.rights: The Redis user is enough for a worker; an ingress also sends hsetnx, hkeys, hscan, persist, lindex, rpop, zcount, zincrby, zrangebylex, xlen, xrange, memory and uses keys such as sluice:{adm}:leases.',
    ]);
  });
});

describe('an upstream', () => {
  it('that refuses the key is reported in a sentence', verifies('004-28'), async () => {
    const { checks } = await examine(await healthy({ options: { headers: { 'x-sim-directives': 'e401' } } }));
    expect(checks.filter(({ level }) => level !== 'ok')).toEqual([
      {
        id: 'upstream.models',
        level: 'problem',
        about: 'upstream sim, credential main',
        text: 'The provider refuses the key (401).',
        advice: expect.stringContaining('Correct api_key'),
      },
    ]);
  });

  it('has each of its credentials tried', async () => {
    const server = createHttpServer(({ headers }, response) => {
      response.writeHead(headers.authorization === 'Bearer canary-good' ? 200 : 401).end('{"data":[]}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const report = await examine(
      await healthy({
        base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
        credentials: [
          { id: 'good', api_key: 'canary-good' },
          { id: 'bad', api_key: 'canary-bad' },
        ],
      }),
    );
    expect(
      report.checks.filter(({ id }) => id === 'upstream.models').map(({ about, level }) => [about, level]),
    ).toEqual([
      ['upstream sim, credential good', 'ok'],
      ['upstream sim, credential bad', 'problem'],
    ]);
  });

  it(
    'that gives access tokens to anonymous clients is asked for one, and a login is not renewed',
    verifies('004-27'),
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-doctor-login-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const oauthFile = join(folder, 'oauth_creds.json');
      await writeFile(oauthFile, JSON.stringify({ apiKey: 'canary-login', refresh_token: 'canary-renewal' }), {
        mode: 0o600,
      });
      const { config, env } = await healthy();
      const upstreams = [
        {
          id: 'web',
          type: 'zai-web',
          base_url: simulator.url,
          options: { signing_variant: 'v2', signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%', zai_web_guests: true },
          credentials: [{ id: 'guest', anonymous: true }],
        },
        {
          id: 'flow',
          type: 'iflow',
          base_url: `${simulator.url}/iflow/v1`,
          options: { oauth_base_url: simulator.url, oauth_client_id: 'us', oauth_client_secret: 'canary-client' },
          credentials: [{ id: 'login', oauth_file: oauthFile }],
        },
        { id: 'bot', type: 'coze', base_url: simulator.url, credentials: [{ id: 'pat', api_key: 'canary-pat' }] },
      ];
      const simulated = simulatorControl(simulator.url);
      await simulated.reset();
      const report = await examine({
        config: { ...config, upstreams, models: [{ id: '*', targets: [{ upstream: 'web' }] }] },
        env: { ...env, SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001' },
      });
      const kindsOf = (found: readonly string[]): (string | undefined)[] => found.map((text) => text.split(':')[0]);
      // The Redis of this test has no persistence.
      expect(kindsOf(findings(report))).toEqual(['warning redis.persistence']);
      const texts = report.checks.map(({ about, text }) => `${about}: ${text}`);
      expect(texts).toContain('upstream web, credential guest: The provider gives an access token without a login.');
      expect(texts).toContainEqual(
        expect.stringMatching(/^upstream flow, credential login: The file of the login holds a token/),
      );
      expect(texts).toContainEqual(expect.stringMatching(/^upstream bot, credential pat: .* the key was not tried\.$/));
      expect((await simulated.calls()).filter(({ path }) => path.includes('oauth'))).toEqual([]);
      await rm(oauthFile);
      const gone = await examine({
        config: { ...config, upstreams, models: [{ id: '*', targets: [{ upstream: 'web' }] }] },
        env: { ...env, SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001' },
      });
      expect(kindsOf(findings(gone))).toEqual([
        'problem files.login',
        'warning redis.persistence',
        'problem upstream.token',
      ]);
    },
  );

  it('whose credential is in cooldown gets a warning', async () => {
    const prefix = 'doctor-cooldowns';
    const connection = admin();
    const health = createUpstreamHealth({
      connection,
      keys: createKeys(prefix),
      circuit: { failures: 5, windowMs: 30_000, openMs: 5000 },
      maxCooldownMs: 60_000,
      probeMs: 1000,
    });
    await health.coolDown(
      { upstreamId: 'sim', credentialId: 'main' },
      { cooldownMs: 60_000, isRefused: false, reason: 'rate_limit' },
    );
    const { config, env } = await healthy();
    const report = await examine({
      config: { ...config, redis: { key_prefix: prefix } },
      ...(env === undefined ? {} : { env }),
    });
    expect(findings(report)).toEqual([
      expect.stringMatching(/^warning upstream\.cooldowns: credential sim\/main all models in cooldown for \d+ s/),
    ]);
    await connection.unlink(createKeys(prefix).cooldowns('sim'));
  });

  it('whose name has no address is distinguished from one that refuses connections', async () => {
    const unknown = await examine(await healthy({ base_url: 'http://no-such-host.invalid/v1' }));
    expect(findings(unknown)).toEqual([
      expect.stringMatching(/^problem upstream\.dns: The name of no-such-host\.invalid:80 has no address/),
    ]);
    const port = await freePort();
    const refused = await examine(await healthy({ base_url: `http://127.0.0.1:${port}/v1` }));
    expect(findings(refused)).toEqual([
      `problem upstream.connect: 127.0.0.1:${port}: The provider refused the connection.`,
    ]);
  });

  it('with a self-signed certificate, or without TLS, is reported as such', async () => {
    const selfSigned = await examine(await healthy({ base_url: await listenHttps() }));
    expect(findings(selfSigned)).toEqual([
      expect.stringMatching(/^problem upstream\.tls: localhost:\d+: The provider's TLS certificate is self-signed/),
    ]);
    const plain = await examine(await healthy({ base_url: `${simulator.url.replace('http:', 'https:')}/v1` }));
    expect(findings(plain)).toEqual([
      expect.stringMatching(/^problem upstream\.tls: .* does not speak TLS on this port/),
    ]);
  });
});

describe('a file of certificates that cannot be used', () => {
  it('is a problem of its upstream, and the others are tried', async () => {
    const examination = await healthy();
    const { upstreams } = examination.config as { readonly upstreams: readonly object[] };
    const bad = { id: 'bad', type: 'openai', base_url: 'https://bad.invalid/v1', tls: { ca: '/nothere.pem' } };
    const report = await examine({
      ...examination,
      config: {
        ...examination.config,
        upstreams: [{ ...bad, credentials: [{ id: 'main', api_key: providerKey }] }, ...upstreams],
      },
    });
    expect(findings(report)).toEqual([
      expect.stringMatching(/^problem config: upstreams\[0\]\.tls\.ca .*nothere\.pem/),
    ]);
    const about = report.checks.flatMap((check) =>
      check.about === undefined ? [] : [`${check.level} ${check.about}`],
    );
    expect(about).toContain('problem upstream bad');
    expect(about).toContain('ok upstream sim, credential main');
    expect(report.checks.map(({ id }) => id)).toEqual(expect.arrayContaining(['redis.version', 'ports']));
  });

  it('of Redis is a problem, and the other checks continue', async () => {
    const examination = await healthy();
    const report = await examine({
      ...examination,
      config: { ...examination.config, redis: { tls: { ca: '/nothere.pem' } } },
    });
    expect(findings(report)).toEqual([expect.stringMatching(/^problem config: redis\.tls\.ca .*nothere\.pem/)]);
    expect(report.checks.map(({ id }) => id)).toEqual(expect.arrayContaining(['upstream.models', 'ports']));
  });
});

describe('a database that Redis does not have', () => {
  it('is a problem, and nothing is written into another one', async () => {
    const examination = await healthy();
    const report = await examine({ ...examination, env: { REDIS_URL: `${redisUrl()}/99` } });
    expect(findings(report)).toEqual([
      expect.stringMatching(/^problem redis\.connect: .* no database of the number at the end of its URL/),
    ]);
  });
});

describe('this machine', () => {
  it('names the process that has taken a port', verifies('003-58'), async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const examination = await healthy();
    const report = await examine({ ...examination, env: { ...examination.env, PORT: String(port) } });
    expect(findings(report)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^problem ports: Port ${port} on 127\\.0\\.0\\.1 \\(the ingress, for clients\\) is taken by .*\\(process ${process.pid}\\)\\.$`,
        ),
      ),
    ]);
  });

  it('gets a finding if other users can read secrets in the file, and none if the file has no secrets', async () => {
    const examination = await healthy();
    const open = await examine({ ...examination, mode: 0o644 });
    expect(findings(open)).toEqual([
      expect.stringMatching(/^problem files\.rights: .*sluice\.yaml has secrets in it, and every user of this machine/),
    ]);
    const config = JSON.parse(
      JSON.stringify(examination.config).replace(clientKey, '${CLIENT_KEY}').replace(providerKey, '${PROVIDER_KEY}'),
    ) as object;
    const env = { ...examination.env, CLIENT_KEY: clientKey, PROVIDER_KEY: providerKey };
    expect(findings(await examine({ config, env, mode: 0o644 }))).toEqual([]);
  });

  it('shows an ingress that already runs, and its load', verifies('001-58', '001-59'), async () => {
    const { config, env } = await healthy();
    const { server } = config as { server: { port: number; metrics_port: number } };
    const ingress = await spawnService('ingress', {
      config,
      env: { ...env, HOST: '127.0.0.1' },
      port: server.port,
      metricsPort: server.metrics_port,
    });
    onTestFinished(async () => void (await ingress.stop()));
    const report = await examine({ config, ...(env === undefined ? {} : { env }) });
    expect(findings(report)).toEqual([]);
    const texts = report.checks.map(({ text }) => text);
    expect(texts).toContain(
      `Port ${server.port} on 127.0.0.1 (the ingress, for clients) is in use by an ingress of Sluice that already runs.`,
    );
    expect(texts).toContain('0 of 1000 requests run over all replicas, and 0 wait.');
    expect(texts).toContainEqual(expect.stringMatching(/^The ingress that runs here uses \d+ MiB of memory/));
  });
});
