import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@sluice/config';
import { verifies } from '@sluice/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { absent, anyKey, errorOf, load, problemsOf, routing } from './load.ts';

describe('loadConfig', () => {
  it('has a default for every setting except client keys (rows 001-20, 001-31, 001-32)', () => {
    const { keys, upstreams, ...rest } = load(undefined);
    expect(keys).toHaveLength(1);
    expect(upstreams).toHaveLength(1);
    expect(rest).toEqual({
      teams: [],
      auth: { oidc: [] },
      server: {
        port: 8080,
        isPortUsual: true,
        host: '127.0.0.1',
        metricsPort: 9463,
        metricsHost: '127.0.0.1',
        isMetricsPortUsual: true,
        drainTimeoutMs: 120_000,
        maxBodyBytes: 20 * 1024 * 1024,
        maxInflationRatio: 20,
        bodyBudgetBytes: 256 * 1024 * 1024,
        keyBodyBudgetBytes: 64 * 1024 * 1024,
        largeBodyBytes: 64 * 1024,
        refusedBodiesPerMinute: 60,
        wrongKeysPerMinute: 600,
        maxConnections: 10_000,
        maxPipelinedRequests: 32,
        keepAliveMs: 620_000,
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 60_000,
        publicStatus: false,
        keepAnswersMs: 86_400_000,
        docs: true,
        cors: { origins: [] },
        allowedHosts: [],
        holdMs: 10_000,
        heartbeatMs: 10_000,
        pauseAtBytes: 262_144,
        slowClientBytes: 4_194_304,
        slowClientMs: 30_000,
        trustProxy: false,
        publicModels: false,
        trustTraceContext: false,
      },
      worker: {
        metricsPort: 9464,
        metricsHost: '127.0.0.1',
        isMetricsPortUsual: true,
        drainTimeoutMs: 120_000,
        concurrency: 4096,
        keepAliveMs: 30_000,
        maxEventBytes: 8 * 1024 * 1024,
        maxBodyBytes: 32 * 1024 * 1024,
      },
      redis: {
        kind: 'single',
        url: 'redis://127.0.0.1:6379',
        username: undefined,
        password: undefined,
        tls: undefined,
        keyPrefix: 'sluice',
        isDefault: true,
      },
      records: {
        retentionDays: 30,
        logBodies: false,
        maxBodyBytes: 262_144,
        bodyRetentionDays: 7,
        ledgerRetentionMonths: 13,
      },
      queue: { shards: 1 },
      isDatabaseRefused: false,
      proxies: { http: undefined, https: undefined, exempt: '' },
      models: ['demo', 'demo-*'].map((id) => ({
        id,
        targets: [{ upstream: 'simulator', priority: 1, weight: 1 }],
        thinking: 'field',
        autoContinue: 0,
      })),
      prices: { unknownModel: 'default', default: { input: 5, output: 25 }, overrides: [] },
      limits: {
        maxConcurrentRequests: 1000,
        queueSize: 500,
        defaultKeyConcurrency: 1000,
        maxQueueWaitMs: 30_000,
        leaseMs: 30_000,
      },
      retry: {
        mode: 'default',
        maxAttempts: 5,
        backoff: 'exponential',
        baseDelayMs: 100,
        maxDelayMs: 10_000,
        rateLimitBaseDelayMs: 1000,
        rateLimitMaxDelayMs: 30_000,
        jitter: 0.25,
        randomDelayMinMs: 0,
        randomDelayMaxMs: 0,
        maxCooldownMs: 3_600_000,
        sameTarget: 1,
        waitForPreferredMs: 0,
        onContentPolicy: 'next',
      },
      timeouts: {
        firstTokenMs: 30_000,
        idleMs: 60_000,
        totalMs: 600_000,
        streamTotalMs: 600_000,
      },
      circuit: { failures: 5, windowMs: 30_000, openMs: 5000 },
      warnings: [],
      notes: [],
      log: { level: 'info', retentionDays: 30 },
      simulator: { host: '127.0.0.1', isElsewhere: false, port: 9900, isPortUsual: true },
      demo: true,
    });
  });

  it('reads every setting of the file', () => {
    const config = load(`
server: { port: 1, host: a, metrics_port: 22, metrics_host: c, public_models: true, trust_trace_context: true, drain_timeout_ms: 2, max_body_bytes: 3, hold_ms: 4, heartbeat_ms: 5, pause_at_bytes: 6, slow_client_bytes: 7, slow_client_ms: 8, trust_proxy: true }
worker: { metrics_port: 9, metrics_host: b, drain_timeout_ms: 10, concurrency: 11, max_event_bytes: 12, max_body_bytes: 13 }
queue: { shards: 14 }
limits: { max_concurrent_requests: 15, queue_size: 16, max_queue_wait_ms: 17, lease_ms: 1800 }
retry: { max_cooldown_ms: 1900 }
circuit: { failures: 19, window_ms: 20, open_ms: 21 }
log: { level: debug }
redis: { key_prefix: "other:one" }
`);
    expect(config).toMatchObject({
      server: {
        port: 1,
        host: 'a',
        metricsPort: 22,
        metricsHost: 'c',
        publicModels: true,
        trustTraceContext: true,
        drainTimeoutMs: 2,
        maxBodyBytes: 3,
        holdMs: 4,
        heartbeatMs: 5,
        pauseAtBytes: 6,
        slowClientBytes: 7,
        slowClientMs: 8,
        trustProxy: true,
      },
      worker: {
        metricsPort: 9,
        metricsHost: 'b',
        drainTimeoutMs: 10,
        concurrency: 11,
        maxEventBytes: 12,
        maxBodyBytes: 13,
      },
      queue: { shards: 14 },
      limits: { maxConcurrentRequests: 15, queueSize: 16, maxQueueWaitMs: 17, leaseMs: 1800 },
      retry: { maxCooldownMs: 1900 },
      circuit: { failures: 19, windowMs: 20, openMs: 21 },
      log: { level: 'debug' },
      redis: { keyPrefix: 'other:one' },
    });
  });

  it('prefers the environment to the file', () => {
    const file = `
server: { port: 1, host: a, drain_timeout_ms: 2 }
worker: { metrics_port: 3, metrics_host: b, drain_timeout_ms: 4 }
log: { level: error }
`;
    const env = {
      ...anyKey,
      PORT: '8081',
      HOST: '0.0.0.0',
      METRICS_PORT: '9465',
      METRICS_HOST: '::',
      DRAIN_TIMEOUT_MS: '500',
      LOG_LEVEL: 'WARN',
    };
    expect(load(file, env)).toMatchObject({
      server: { port: 8081, host: '0.0.0.0', drainTimeoutMs: 500 },
      worker: { metricsPort: 9465, metricsHost: '::', isMetricsPortUsual: false, drainTimeoutMs: 500 },
      log: { level: 'warn' },
    });
  });

  it('does not apply HOST, which is for clients, to the management port', () => {
    const { server, worker } = load(undefined, { ...anyKey, HOST: '0.0.0.0' });
    expect([server.host, server.metricsHost, worker.metricsHost]).toEqual(['0.0.0.0', '127.0.0.1', '127.0.0.1']);
  });

  it('treats an empty variable as not set', () => {
    const env = {
      ...anyKey,
      PORT: '',
      HOST: '',
      LOG_LEVEL: '',
      SLUICE_CONFIG: '',
      SLUICE_COMPAT: '',
      METRICS_PORT: '',
    };
    expect(load(undefined, env)).toEqual(load(undefined));
  });

  it('warns about a secret that is set but empty', () => {
    // The last variable belongs to a profile; without the profile it is not read.
    const noSecrets = { PORT: '', NO_PROXY: '', DEFAULT_KEY: '' };
    const empty = {
      REDIS_URL: '',
      DATABASE_URL: '',
      SLUICE_SECRET_KEY: '',
      SLUICE_API_KEYS: '',
      HTTPS_PROXY: '',
      all_proxy: '',
    };
    const { redis, secretKey, warnings } = load('keys: [{ name: a, key: sk-file-0001 }]', {
      ...empty,
      ...noSecrets,
    });
    expect([redis.isDefault, secretKey]).toEqual([true, undefined]);
    expect(warnings).toEqual(Object.keys(empty).map((name) => `${name} is set but empty, which counts as not set`));
    expect(problemsOf(undefined, { SLUICE_API_KEYS: '' })).toEqual([expect.stringMatching(/^keys: are missing/)]);
  });

  it('freezes the configuration deeply', () => {
    const config = load(`${routing}\nkeys: [{ name: a, key: sk-frozen-key }]`);
    const thaw = (value: unknown, path: string): string[] => {
      if (typeof value !== 'object' || value === null) return [];
      const below = Object.entries(value).flatMap(([name, part]) => thaw(part, `${path}.${name}`));
      return Object.isFrozen(value) ? below : [path, ...below];
    };
    expect(thaw(config, 'config')).toEqual([]);
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
  });

  it('reads JSON, which is YAML', () => {
    const file = { server: { port: 1234 }, keys: [{ name: 'a', key: 'sk-json-key' }] };
    expect(load(JSON.stringify(file, null, '\t'), {})).toMatchObject({ server: { port: 1234 }, keys: [{ name: 'a' }] });
  });

  it('treats a section whose settings are all commented out as absent', () => {
    expect(load('server:\n  # port: 1\nkeys:\nmodels:\n')).toEqual(load(undefined));
  });

  it('reports all problems of file and environment at once', () => {
    const error = errorOf(() =>
      load(
        `
server: { port: 99999, prot: 1 }
keys: [{ name: a, key: short }]
retry: { mode: quick }
sever: {}
`,
        { PORT: '80a', SLUICE_API_KEYS: 'sk-good-key,' },
      ),
    );
    expect(error.message).toBe(
      [
        '7 problems in the configuration (./sluice.yaml and environment):',
        '  server.port: must be a whole number from 0 to 65535',
        '  server.prot: is not a setting; did you mean port?',
        '  keys[0].key: must be at least 8 characters without spaces',
        '  retry.mode: must be one of default, fast, balanced, secure, linear',
        '  sever: is not a setting; did you mean server?',
        '  PORT: must be a whole number from 0 to 65535',
        '  SLUICE_API_KEYS[1]: is empty; it must be at least 8 characters without spaces',
      ].join('\n'),
    );
    expect(error.name).toBe('ConfigError');
    expect(error.problems).toHaveLength(7);
  });

  it('counts one problem in the singular', () => {
    expect(errorOf(() => load(undefined, {})).message).toBe(
      [
        '1 problem in the configuration (environment):',
        '  keys: are missing, so that no client can call; add keys to the file, or set SLUICE_API_KEYS',
      ].join('\n'),
    );
  });
});

describe('the file', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'sluice-config-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  };

  it('defaults to ./sluice.yaml, if that exists', () => {
    const cwd = folder();
    expect(loadConfig({ env: anyKey, cwd }).server.port).toBe(8080);
    writeFileSync(join(cwd, 'sluice.yaml'), 'server: { port: 5555 }');
    expect(loadConfig({ env: anyKey, cwd }).server.port).toBe(5555);
  });

  it('is that in SLUICE_CONFIG, relative to the working directory', verifies('003-12'), () => {
    const asked: string[] = [];
    const readFile = (path: string): string => {
      asked.push(path);
      return 'server: { port: 5556 }';
    };
    const read = (path: string) => loadConfig({ env: { ...anyKey, SLUICE_CONFIG: path }, cwd: '/srv', readFile });
    expect(read('conf/one.yaml').server.port).toBe(5556);
    read('/etc/two.yaml');
    expect(asked).toEqual(['/srv/conf/one.yaml', '/etc/two.yaml']);
  });

  it('must exist if SLUICE_CONFIG names it', () => {
    const run = () => loadConfig({ env: { SLUICE_CONFIG: 'none.yaml' }, cwd: '/srv', readFile: absent });
    expect(errorOf(run).problems).toEqual([{ path: 'SLUICE_CONFIG', message: 'there is no file none.yaml' }]);
  });

  it('must be readable', () => {
    const cwd = folder();
    const error = errorOf(() => loadConfig({ env: { ...anyKey, SLUICE_CONFIG: '.' }, cwd }));
    expect(error.problems).toEqual([{ path: '.', message: "can't be read (EISDIR)" }]);
  });
});

describe('the demo', () => {
  it('uses the simulator if no upstream is configured', () => {
    const config = load(undefined, { ...anyKey, SIMULATOR_PORT: '9911' });
    const [simulator] = config.upstreams;
    expect(config.demo).toBe(true);
    expect(simulator).toMatchObject({
      id: 'simulator',
      type: 'openai',
      baseUrl: 'http://127.0.0.1:9911/v1',
      streamUsage: true,
    });
    expect(simulator?.credentials.map(({ id, apiKey }) => [id, apiKey?.reveal()])).toEqual([['default', 'sim']]);
  });

  it.each([
    ['simulator', 'http://simulator:9900/v1'],
    ['::1', 'http://[::1]:9900/v1'],
  ])('uses the simulator at %s, which is started elsewhere', (host, baseUrl) => {
    const config = load(undefined, { ...anyKey, SIMULATOR_HOST: host });
    expect(config.upstreams[0]?.baseUrl).toBe(baseUrl);
    expect(config.simulator).toMatchObject({ host, isElsewhere: true });
  });

  it('is off if there is an upstream', () => {
    const config = load(routing);
    expect(config.demo).toBe(false);
    expect(config.upstreams.map(({ id }) => id)).toEqual(['sim']);
  });

  it('cannot be combined with models of the file', () => {
    expect(problemsOf('models: [{ id: a, targets: [{ upstream: simulator }] }]')).toEqual([
      'models: name targets, but there are no upstreams; add upstreams',
    ]);
  });
});

describe('client keys', () => {
  it('may be missing if the caller adds one', () => {
    const config = loadConfig({ env: {}, cwd: '/srv', readFile: absent, isKeyRequired: false });
    expect(config.keys).toEqual([]);
  });

  it('are missing if the list is empty', () => {
    expect(problemsOf('keys: []', {})).toEqual([
      'keys: are missing, so that no client can call; add keys to the file, or set SLUICE_API_KEYS',
    ]);
  });
});

describe('the port for clients', () => {
  it.each<[yaml: string | undefined, env: Readonly<Record<string, string>>, port: number, isUsual: boolean]>([
    [undefined, {}, 8080, true],
    ['server: { host: "::1" }', {}, 8080, true],
    [undefined, { PORT: 'tcp://10.0.0.1:80' }, 8080, true],
    [undefined, { PORT: '8080' }, 8080, false],
    ['server: { port: 8080 }', {}, 8080, false],
    ['server: { port: 0 }', {}, 0, false],
  ])('of %o and %o is %i; it is the default: %o', (yaml, env, port, isPortUsual) => {
    expect(load(yaml, { ...anyKey, ...env }).server).toMatchObject({ port, isPortUsual });
  });

  it('of the simulator is that in SIMULATOR_PORT', () => {
    expect(load(undefined, { ...anyKey, SIMULATOR_PORT: '9900' }).simulator).toMatchObject({
      port: 9900,
      isPortUsual: false,
    });
    const link = { ...anyKey, SIMULATOR_PORT: 'udp://10.0.0.1:53' };
    expect(load(undefined, link).simulator).toMatchObject({ port: 9900, isPortUsual: true });
  });
});
