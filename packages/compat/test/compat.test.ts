import { readFileSync } from 'node:fs';
import { profiles } from '@sluice/compat';
import { ConfigError, type Config, findModel, loadConfig } from '@sluice/config';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { profilesByName } from '../src/profiles.ts';
import { absent } from './load.ts';

type Env = Readonly<Record<string, string>>;
type ProfileName = keyof typeof profilesByName;
const names = Object.keys(profilesByName) as ProfileName[];
const clients = { SLUICE_API_KEYS: 'sk-client-0001', SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001' };

/** Loads a configuration under a profile, with files of a home directory. */
function load(env: Env, files: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({
    env: { HOME: '/home/me', ...clients, ...env },
    cwd: '/srv',
    readFile: (path) => files[path] ?? absent(),
    profiles,
  });
}

function problemsOf(env: Env, files?: Readonly<Record<string, string>>): readonly string[] {
  try {
    load(env, files);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  throw new Error('the environment was accepted');
}

const upstreamOf = ({ upstreams }: Config) => {
  const [first] = upstreams;
  if (first === undefined) throw new Error('there is no upstream');
  const { credentials, ...rest } = first;
  return { ...rest, credentials: credentials.map(({ id, apiKey }) => [id, apiKey?.reveal()]) };
};

describe('the secrets of a profile', () => {
  it.each([
    ['zai-proxy', ['UPSTREAM_TOKEN', 'ZAI_API_KEY', 'API_KEY']],
    ['z2api', ['UPSTREAM_TOKEN', 'ZAI_API_KEY', 'DEFAULT_KEY']],
    ['bailian-proxy', ['ALIYUN_API_KEY']],
    ['unified-proxy', ['API_KEY']],
    ['iflow2api', ['IFLOW_OAUTH_CLIENT_ID', 'IFLOW_OAUTH_CLIENT_SECRET']],
  ] as const)('of %s are its variables that hold a secret', (name, secrets) => {
    expect(new Set(profilesByName[name].secretVariables)).toEqual(new Set(secrets));
  });

  it.each(['zai-proxy', 'z2api'] as const)('of %s that are set but empty cause warnings', (name) => {
    const empty = Object.fromEntries(profilesByName[name].secretVariables.map((variable) => [variable, '']));
    const { warnings } = load({ SLUICE_COMPAT: name, MAX_RETRIES: '', ...empty });
    expect(warnings.filter((text) => text.includes('empty'))).toEqual(
      Object.keys(empty).map((variable) => `${variable} is set but empty, which counts as not set`),
    );
  });
});

describe('SLUICE_COMPAT=zai-proxy', () => {
  const zai = (env: Env = {}): Config => load({ SLUICE_COMPAT: 'zai-proxy', ...env });

  it(
    'listens where it did, tries as often as it did',
    verifies('000-13', '000-23', '000-24', '000-25', '000-26', '000-27'),
    () => {
      const { server, retry } = zai();
      expect(server.port).toBe(8080);
      expect(retry).toMatchObject({
        maxAttempts: 5,
        baseDelayMs: 100,
        maxDelayMs: 10_000,
        rateLimitBaseDelayMs: 1000,
        rateLimitMaxDelayMs: 30_000,
        jitter: 0.25,
      });
    },
  );

  it(
    'serves its models, without regard to case',
    verifies('000-03', '000-16', '000-17', '000-18', '000-19', '000-20'),
    () => {
      const config = zai();
      const ids = ['glm-4.5', 'glm-4.5-thinking', 'glm-4.5-search', 'glm-4.5-air', 'glm-4.5v'];
      expect(config.models.map(({ id }) => id)).toEqual(ids);
      expect(ids.map((id) => findModel(config, id.toUpperCase())?.targets[0]?.model)).toEqual(ids);
    },
  );

  it(
    'calls upstream with the given token and, unless that is off, with one that is fetched',
    verifies('000-11', '000-15', '000-22'),
    () => {
      expect(upstreamOf(zai({ UPSTREAM_TOKEN: 'tok' }))).toMatchObject({
        type: 'zai-web',
        baseUrl: 'https://chat.z.ai',
        credentials: [
          ['token', 'tok'],
          ['anonymous', undefined],
        ],
      });
      expect(upstreamOf(zai({ UPSTREAM_TOKEN: 'tok', ANON_TOKEN_ENABLED: 'false' })).credentials).toEqual([
        ['token', 'tok'],
      ]);
    },
  );

  it('uses no fetched tokens if they can not be stored', verifies('000-15'), () => {
    const env = { SLUICE_COMPAT: 'zai-proxy', SLUICE_API_KEYS: 'sk-client-0001', UPSTREAM_TOKEN: 'tok' };
    const config = loadConfig({ env, cwd: '/srv', readFile: absent, profiles });
    expect(upstreamOf(config).credentials).toEqual([['token', 'tok']]);
    expect(config.warnings[0]).toMatch(/^ANON_TOKEN_ENABLED has no effect without SLUICE_SECRET_KEY/);
  });

  it('accepts API_KEY as a client key, but not its published default or an example', verifies('000-12'), () => {
    expect(zai({ API_KEY: 'sk-my-own-key' }).keys.map(({ name }) => name)).toEqual(['API_KEY', 'env-1']);
    expect(problemsOf({ SLUICE_COMPAT: 'zai-proxy', API_KEY: 'sk-EXAMPLE' })).toEqual([
      'API_KEY: is an example from the documentation; replace it by your own',
    ]);
  });

  it('calls the official API first if it has a key', verifies('000-05'), () => {
    const config = zai({ ZAI_API_KEY: 'official', ZAI_BASE_URL: 'http://127.0.0.1:9900/api/paas/v4' });
    expect(upstreamOf(config)).toMatchObject({ type: 'zai', baseUrl: 'http://127.0.0.1:9900/api/paas/v4' });
    expect(findModel(config, 'glm-4.5-thinking')?.targets).toMatchObject([
      { upstream: 'zai', model: 'glm-4.5-thinking', priority: 1, weight: 1 },
      { upstream: 'zai-web', model: 'glm-4.5-thinking', priority: 2, weight: 1 },
    ]);
    expect(config.warnings).toEqual([]);
  });

  it('accepts another URL of its upstream', verifies('000-22'), () => {
    expect(upstreamOf(zai({ UPSTREAM_URL: 'http://127.0.0.1:9900' })).baseUrl).toBe('http://127.0.0.1:9900');
  });

  it('names its variables in problems', verifies('000-11', '000-15'), () => {
    expect(problemsOf({ SLUICE_COMPAT: 'zai-proxy', ANON_TOKEN_ENABLED: 'false' })).toEqual([
      expect.stringMatching(/^UPSTREAM_TOKEN: is missing, and ANON_TOKEN_ENABLED=false; /),
    ]);
    expect(problemsOf({ SLUICE_COMPAT: 'zai-proxy', SLUICE_SECRET_KEY: '', SLUICE_API_KEYS: '' })).toEqual([
      'API_KEY: is missing, so that no client can call; set it or SLUICE_API_KEYS, or allow clients without a key with ALLOW_ANONYMOUS_ACCESS=true',
      expect.stringMatching(/^SLUICE_SECRET_KEY: is missing; .*: ANON_TOKEN_ENABLED \(default true\)/),
    ]);
  });

  it('logs at the level info by default', verifies('000-14'), () => {
    expect(zai().log.level).toBe('info');
    expect(zai({ DEBUG_MODE: 'TRUE' }).log.level).toBe('debug');
  });
});

describe('SLUICE_COMPAT=z2api', () => {
  const z2 = (env: Env = {}): Config => load({ SLUICE_COMPAT: 'z2api', ...env });

  it.each([
    ['fast', 2, 200, 10_000, 60_000],
    ['balanced', 4, 1000, 120_000, 300_000],
    ['secure', 6, 2000, 60_000, 600_000],
  ])(
    'has the numbers of the mode %s',
    verifies('001-08', '001-16', '001-17', '001-18', '001-24'),
    (mode, attempts, delayMs, totalMs, streamTotalMs) => {
      const { retry, timeouts } = z2({ PERFORMANCE_MODE: mode });
      // The original gateway waits for a silent provider as long as for a whole answer.
      expect([timeouts.firstTokenMs, timeouts.idleMs]).toEqual([streamTotalMs, streamTotalMs]);
      expect([retry.maxAttempts, retry.baseDelayMs, timeouts.totalMs, timeouts.streamTotalMs]).toEqual([
        attempts,
        delayMs,
        totalMs,
        streamTotalMs,
      ]);
    },
  );

  it(
    'has its defaults',
    verifies(
      '001-20',
      '001-22',
      '001-25',
      '001-26',
      '001-27',
      '001-28',
      '001-29',
      '001-30',
      '001-31',
      '001-32',
      '001-33',
      '001-35',
      '001-38',
      '001-39',
      '001-40',
    ),
    () => {
      const config = z2();
      expect(config.server).toMatchObject({ port: 8080, pauseAtBytes: 16_384 });
      expect(config.retry).toMatchObject({
        maxAttempts: 4,
        baseDelayMs: 1000,
        randomDelayMinMs: 100,
        randomDelayMaxMs: 500,
      });
      expect(config.timeouts).toMatchObject({
        totalMs: 120_000,
        streamTotalMs: 300_000,
        firstTokenMs: 300_000,
        idleMs: 300_000,
      });
      expect(config.limits).toMatchObject({ maxConcurrentRequests: 1000, queueSize: 500 });
      expect(upstreamOf(config)).toMatchObject({
        type: 'zai-web',
        baseUrl: 'https://chat.z.ai',
        credentials: [['anonymous', undefined]],
      });
      expect(config.models.map(({ thinking }) => thinking)).toEqual(['think', 'think', 'think']);
      expect(config.log.level).toBe('info');
      expect(config.warnings).toEqual([expect.stringMatching(/captchas .* ZAI_API_KEY/)]);
    },
  );

  it(
    'takes what was set',
    verifies(
      '001-21',
      '001-23',
      '001-25',
      '001-26',
      '001-27',
      '001-28',
      '001-29',
      '001-30',
      '001-31',
      '001-32',
      '001-33',
      '001-35',
      '001-39',
      '001-60',
    ),
    () => {
      const config = z2({
        DEFAULT_KEY: 'sk-my-own-key',
        UPSTREAM_URL: 'http://127.0.0.1:9900/api/v2/chat/completions',
        UPSTREAM_TOKEN: 'tok',
        MAX_RETRIES: '7',
        RETRY_DELAY: '300',
        REQUEST_TIMEOUT: '180000',
        STREAM_TIMEOUT: '600000',
        RANDOM_DELAY_MIN: '1',
        RANDOM_DELAY_MAX: '2',
        MAX_CONCURRENT_CONNECTIONS: '2000',
        CONNECTION_QUEUE_SIZE: '50',
        MAX_CONNECTION_TIME: '500000',
        STREAM_BUFFER_SIZE: '4096',
        ANON_TOKEN_ENABLED: 'false',
        THINK_TAGS_MODE: 'strip',
      });
      expect(config.keys.map(({ name }) => name)).toContain('DEFAULT_KEY');
      expect(upstreamOf(config)).toMatchObject({ baseUrl: 'http://127.0.0.1:9900', credentials: [['token', 'tok']] });
      expect(config.retry).toMatchObject({
        maxAttempts: 8,
        baseDelayMs: 300,
        randomDelayMinMs: 1,
        randomDelayMaxMs: 2,
      });
      expect(config.timeouts).toMatchObject({
        totalMs: 180_000,
        streamTotalMs: 500_000,
        firstTokenMs: 500_000,
        idleMs: 500_000,
      });
      expect(config.limits).toMatchObject({ maxConcurrentRequests: 2000, queueSize: 50 });
      expect(config.worker.concurrency).toBe(4096);
      expect(config.server.pauseAtBytes).toBe(4096);
      expect(config.server.publicStatus).toBe(true);
      expect(config.server.memoryLimitBytes).toBe(2048 * 1024 * 1024);
      expect(config.models[0]?.thinking).toBe('strip');
    },
  );

  it.each([
    ['nothing', {}, 4096],
    ['one', { MAX_CONCURRENT_CONNECTIONS: '1' }, 4096],
    ['6,000', { MAX_CONCURRENT_CONNECTIONS: '6000' }, 6000],
    ['10,000', { MAX_CONCURRENT_CONNECTIONS: '10000' }, 10_000],
    ['20,001', { MAX_CONCURRENT_CONNECTIONS: '20001' }, 10_000],
  ])(
    'has one worker run all that is let in, as far as one can, where that is %s',
    verifies('001-31'),
    (_, env, most) => {
      const { limits, worker, warnings } = z2(env);
      expect(worker.concurrency).toBe(most);
      expect(warnings.filter((text) => text.startsWith('MAX_CONCURRENT'))).toEqual(
        limits.maxConcurrentRequests > most ? [expect.stringContaining('start 3 workers')] : [],
      );
    },
  );

  it('serves its models without regard to case', verifies('001-02'), () => {
    const config = z2();
    expect(['GLM-4.5', 'GLM-4.5-Thinking', 'GLM-4.5-Search'].map((id) => findModel(config, id)?.id)).toEqual([
      'glm-4.5',
      'glm-4.5-thinking',
      'glm-4.5-search',
    ]);
  });

  it(
    'warns about variables without effect or with another effect',
    verifies('001-34', '001-36', '001-37', '001-41', '001-42', '001-43', '001-44'),
    () => {
      const { warnings } = z2({
        ZAI_API_KEY: 'official',
        MEMORY_LIMIT_MB: '100',
        DISABLE_CONNECTION_CHECK: 'true',
        CONNECTION_CHECK_INTERVAL: '20',
        ENABLE_METRICS: 'false',
        LOG_USER_MESSAGES: 'true',
        LOG_RESPONSE_CONTENT: 'false',
      });
      expect(warnings.map((warning) => warning.split(' ')[0])).toEqual([
        'MEMORY_LIMIT_MB=100',
        'DISABLE_CONNECTION_CHECK',
        'CONNECTION_CHECK_INTERVAL',
        'LOG_USER_MESSAGES',
        'ENABLE_METRICS=false',
      ]);
      expect(z2({ ENABLE_DETAILED_LOGGING: 'false' }).log.level).toBe('warn');
    },
  );

  it.each([
    [
      { REQUEST_TIMEOUT: '120' },
      'REQUEST_TIMEOUT: must be milliseconds, 1000 or more (the unit of this variable is ms here, not seconds)',
    ],
    [{ MAX_RETRIES: 'many' }, 'MAX_RETRIES: must be a whole number from 0 to 99'],
    [{ PERFORMANCE_MODE: 'slow' }, 'PERFORMANCE_MODE: must be one of fast, balanced, secure'],
    [{ DEFAULT_KEY: 'your-api-key' }, 'DEFAULT_KEY: is an example from the documentation; replace it by your own'],
    [{ UPSTREAM_TOKEN: 'two words' }, 'UPSTREAM_TOKEN: must be text without spaces'],
    [{ RANDOM_DELAY_MIN: '900' }, 'RANDOM_DELAY_MIN: must not be above RANDOM_DELAY_MAX, which is 500'],
    [{ RANDOM_DELAY_MAX: '50' }, 'RANDOM_DELAY_MAX: must not be below RANDOM_DELAY_MIN, which is 100'],
    [
      { SLUICE_API_KEYS: 'sk-same-0001', DEFAULT_KEY: 'sk-same-0001' },
      'SLUICE_API_KEYS[0]: is the same key as DEFAULT_KEY; remove one of them',
    ],
    [
      { UPSTREAM_URL: 'chat.z.ai' },
      'UPSTREAM_URL: must be an http or https URL without user, password, query and fragment',
    ],
    [{ THINK_TAGS_MODE: 'loud' }, 'THINK_TAGS_MODE: must be one of think, strip, raw'],
  ])('refuses %o', (env, problem) => {
    expect(problemsOf({ SLUICE_COMPAT: 'z2api', ...(env as Env) })).toEqual([problem]);
  });
});

describe('SLUICE_COMPAT=bailian-proxy', () => {
  const required = { ALIYUN_APP_ID: 'app-1', ALIYUN_API_KEY: 'sk-aliyun' };
  const bailian = (env: Env = {}): Config => load({ SLUICE_COMPAT: 'bailian-proxy', ...required, ...env });

  it(
    'has its defaults, in seconds',
    verifies('002-09', '002-10', '002-11', '002-12', '002-13', '002-15', '002-16', '002-19', '002-20', '002-21'),
    () => {
      const config = bailian();
      expect(config.server.port).toBe(8080);
      expect(upstreamOf(config)).toMatchObject({
        type: 'bailian',
        baseUrl: 'https://dashscope.aliyuncs.com',
        options: { mode: 'native', app_id: 'app-1' },
        credentials: [['key', 'sk-aliyun']],
      });
      expect(config.timeouts).toMatchObject({
        totalMs: 120_000,
        streamTotalMs: 300_000,
        firstTokenMs: 300_000,
        idleMs: 300_000,
      });
      expect(config.worker).toMatchObject({ maxConnections: 100, keepAliveMs: 90_000 });
      expect(config.warnings).toEqual([]);
    },
  );

  it('serves every model', verifies('002-05'), () => {
    expect(findModel(bailian(), 'gpt-3.5-turbo')?.targets[0]?.upstream).toBe('bailian');
  });

  it('calls plain models if there is no application', verifies('002-13', '002-30'), () => {
    const config = load({ SLUICE_COMPAT: 'bailian-proxy', ALIYUN_API_KEY: 'sk-aliyun', USE_NATIVE_API: 'FALSE' });
    expect(upstreamOf(config).options).toEqual({ mode: 'compatible' });
    const [target] = findModel(config, 'qwen-max')?.targets ?? [];
    expect(target?.upstream).toBe('bailian');
    expect(target?.model).toBeUndefined();
  });

  it('calls its application natively for every USE_NATIVE_API, with a warning', verifies('002-13', '002-29'), () => {
    const config = bailian({ USE_NATIVE_API: 'false' });
    expect(upstreamOf(config).options).toEqual({ mode: 'native', app_id: 'app-1' });
    expect(config.warnings).toEqual([
      expect.stringMatching(/^USE_NATIVE_API=false has no effect beside ALIYUN_APP_ID/),
    ]);
  });

  it('leaves out fields that applications do not support', verifies('002-24'), () => {
    expect(upstreamOf(bailian()).dropUnsupported).toBe(true);
  });

  it('warns about variables without effect', verifies('002-14', '002-17', '002-18'), () => {
    const { warnings } = bailian({ PROXY_URL: 'http://p', MAX_IDLE_CONNS: '200', MAX_IDLE_CONNS_PER_HOST: '100' });
    expect(warnings.map((warning) => warning.split(' ')[0])).toEqual([
      'PROXY_URL',
      'MAX_IDLE_CONNS',
      'MAX_IDLE_CONNS_PER_HOST',
    ]);
  });

  it('allows clients without a key only if that is turned on', verifies('002-22'), () => {
    expect(bailian().keys.map(({ anonymous }) => anonymous)).toEqual([undefined]);
    expect(bailian({ ALLOW_ANONYMOUS_ACCESS: 'true' }).keys.map(({ anonymous }) => anonymous)).toEqual([
      'any_key',
      undefined,
    ]);
  });

  it('requires an application and a key', verifies('002-09', '002-10'), () => {
    expect(problemsOf({ SLUICE_COMPAT: 'bailian-proxy' })).toEqual([
      'ALIYUN_API_KEY: is missing; it must be text without spaces',
      'ALIYUN_APP_ID: is missing; it must be the id of an application',
    ]);
  });
});

describe('SLUICE_COMPAT=unified-proxy', () => {
  const unified = (env: Env): Config => load({ SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-provider', ...env });

  it('has its defaults', verifies('003-22', '003-23', '003-30', '003-33'), () => {
    const config = unified({});
    expect(config.server).toMatchObject({ host: '0.0.0.0', port: 8000 });
    expect(upstreamOf(config)).toMatchObject({
      type: 'openai',
      baseUrl: 'https://api.openai.com/v1',
      credentials: [['key', 'sk-provider']],
    });
    expect(findModel(config, 'gpt-3.5-turbo')?.targets[0]?.model).toBe('gpt-3.5-turbo');
  });

  it.each([
    ['openai', 'https://api.openai.com/v1', 'gpt-4', 'openai', 'https://api.openai.com/v1', 'gpt-4'],
    [
      'anthropic',
      'https://api.anthropic.com/v1',
      'claude-3-sonnet',
      'anthropic',
      'https://api.anthropic.com/v1',
      'claude-3-sonnet',
    ],
    [
      'google',
      'https://generativelanguage.googleapis.com/v1',
      'gemini-pro',
      'gemini',
      'https://generativelanguage.googleapis.com/v1',
      'gemini-pro',
    ],
    [
      'azure_openai',
      'https://r.openai.azure.com/openai/deployments/d',
      'gpt-4',
      'azure',
      'https://r.openai.azure.com',
      'd',
    ],
    ['coze', 'http://10.0.0.9:8888', 'bot-75', 'coze', 'http://10.0.0.9:8888', 'bot-75'],
    ['custom', 'http://localhost:11434/v1', 'llama2', 'ollama', 'http://localhost:11434/v1', 'llama2'],
  ])(
    'knows the platform %s',
    verifies('003-02', '003-20', '003-30', '003-31', '003-32', '003-33'),
    (TYPE, BASE_URL, ACTUAL_NAME, type, baseUrl, model) => {
      const config = unified({ TYPE, BASE_URL, ACTUAL_NAME });
      expect(upstreamOf(config)).toMatchObject({ type, baseUrl });
      expect(findModel(config, ACTUAL_NAME)?.targets[0]?.model).toBe(model);
    },
  );

  it('reads the features of the model', verifies('003-35', '003-36', '003-37'), () => {
    const lacks = { SUPPORTS_STREAMING: 'false', SUPPORTS_FUNCTION_CALLING: 'false' };
    expect(unified(lacks).upstreams[0]?.lacks).toEqual(['streaming', 'tools']);
    expect(upstreamOf(unified({ TYPE: 'anthropic', MAX_TOKENS: '100' })).options).toMatchObject({ max_tokens: 100 });
  });

  it('allows anonymous clients if that is turned on', verifies('003-26', '003-27'), () => {
    const anonymous = (env: Env) => unified(env).keys.map((key) => key.anonymous);
    expect(anonymous({})).toEqual([undefined]);
    expect(anonymous({ ALLOW_ANONYMOUS_ACCESS: 'true' })).toEqual(['without_key', undefined]);
    expect(anonymous({ ENABLE_CLIENT_AUTH: 'false' })).toEqual(['any_key', undefined]);
  });

  it('has its log file', verifies('003-28', '003-29'), () => {
    expect(unified({}).log).toEqual({ level: 'info', file: './logs/proxy.log', retentionDays: 30 });
    const own = { LOG_FILE_PATH: '/var/log/proxy.log', LOG_RETENTION_DAYS: '7' };
    expect(unified(own).log).toMatchObject({ file: '/var/log/proxy.log', retentionDays: 7 });
  });

  it(
    'answers with its model under any name, and calls models of vectors by theirs',
    verifies('003-41', '003-42'),
    () => {
      const served = (env: Env, name: string) => {
        const config = unified(env);
        const target = findModel(config, name)?.targets[0];
        return target && (target.model ?? name);
      };
      expect(served({ ACTUAL_NAME: 'gpt-3.5-turbo' }, 'gpt-4')).toBe('gpt-3.5-turbo');
      expect(served({ ACTUAL_NAME: 'gpt-3.5-turbo' }, 'text-embedding-3-small')).toBe('text-embedding-3-small');
      expect(served({ ACTUAL_NAME: 'text-embedding-3-small' }, 'text-embedding-3-small')).toBe(
        'text-embedding-3-small',
      );
      expect(served({ TYPE: 'coze', ACTUAL_NAME: 'bot-75' }, 'my-embedder')).toBe('bot-75');
      expect(unified({ TYPE: 'coze', ACTUAL_NAME: 'bot-75' }).upstreams[0]?.dropUnsupported).toBe(true);
    },
  );

  it('names its variables in problems', verifies('003-32'), () => {
    expect(problemsOf({ SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-provider', TYPE: 'azure_openai' })).toEqual([
      'BASE_URL: is missing; with TYPE=azure_openai it must be https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT',
    ]);
  });

  it('warns about variables without effect', verifies('003-35'), () => {
    const { warnings } = unified({
      DATABASE_URL: 'sqlite+aiosqlite:///./data/proxy.db',
      USER_ID: '1000',
      MAX_TOKENS: '4096',
    });
    expect(warnings.map((warning) => warning.split(' ')[0])).toEqual(['DATABASE_URL', 'USER_ID', 'MAX_TOKENS']);
    expect(unified({ TYPE: 'anthropic', MAX_TOKENS: '4096' }).warnings).toEqual([]);
  });

  it('does not read its SQLite database, says so, and reads one of PostgreSQL', verifies('003-25'), () => {
    for (const url of ['sqlite+aiosqlite:///./data/proxy.db', 'sqlite:////data/proxy.db']) {
      const { database, warnings } = unified({ DATABASE_URL: url });
      expect(database).toBeUndefined();
      expect(warnings).toEqual([expect.stringMatching(/^DATABASE_URL names an SQLite file, which is neither read/)]);
    }
    const { database, warnings } = unified({ DATABASE_URL: 'postgres://sluice@db.example/records' });
    expect([database?.url.reveal(), warnings]).toEqual(['postgres://sluice@db.example/records', []]);
    expect(problemsOf({ SLUICE_COMPAT: 'unified-proxy', DATABASE_URL: 'mysql+aiomysql://h/proxy' })).toEqual([
      expect.stringMatching(/^DATABASE_URL: must be a URL such as postgres:/),
    ]);
    expect(problemsOf({ SLUICE_COMPAT: 'z2api', DATABASE_URL: 'sqlite:///proxy.db' })).toContainEqual(
      expect.stringMatching(/^DATABASE_URL: must be a URL such as postgres:/),
    );
  });

  it('refuses a disabled model, and example keys', verifies('003-31', '003-34'), () => {
    expect(problemsOf({ SLUICE_COMPAT: 'unified-proxy', API_KEY: 'your_api_key_here', ENABLED: 'false' })).toEqual([
      'API_KEY: is an example from the documentation; replace it by your own',
      'ENABLED: must be true: this is the only model',
    ]);
  });
});

describe('SLUICE_COMPAT=iflow2api', () => {
  const iflow = (files: Readonly<Record<string, string>>, env: Env = {}): Config =>
    load({ SLUICE_COMPAT: 'iflow2api', ...env }, files);
  const settingsFile = {
    '/home/me/.iflow/settings.json': '{"apiKey":"sk-iflow","baseUrl":"http://127.0.0.1:9900/iflow/v1"}',
  };

  it(
    'has its port, its retries and what it does to long talks',
    verifies('004-08', '004-10', '004-12', '004-14', '004-17'),
    () => {
      const config = iflow(settingsFile);
      expect(config.server.port).toBe(8000);
      expect(config.retry).toMatchObject({ maxAttempts: 4, backoff: 'linear', baseDelayMs: 1000, jitter: 0 });
      expect(findModel(config, 'GLM-4.7')).toMatchObject({ autoContinue: 5, compressContext: { rounds: 10 } });
      expect(findModel(iflow(settingsFile, { MAX_CONTINUATIONS: '2' }), 'glm-4.7')).toMatchObject({
        autoContinue: 2,
      });
    },
  );

  it('serves its models', verifies('004-19', '004-20', '004-21'), () => {
    const config = iflow(settingsFile);
    const served = ['glm-4.7', 'deepseek-r1', 'qwen3-235b-a22b-thinking'].map(
      (id) => findModel(config, id)?.targets[0]?.model,
    );
    expect(served).toEqual(['glm-4.7', 'deepseek-r1', 'qwen3-235b-a22b-thinking-2507']);
  });

  it('reads its key from its settings file', verifies('004-16'), () => {
    expect(upstreamOf(iflow(settingsFile))).toMatchObject({
      type: 'iflow',
      baseUrl: 'http://127.0.0.1:9900/iflow/v1',
      credentials: [['key', 'sk-iflow']],
    });
  });

  it('prefers its login', verifies('004-15'), () => {
    const login = { ...settingsFile, '/home/me/.iflow/oauth_creds.json': '{}' };
    const client = { IFLOW_OAUTH_CLIENT_ID: 'client', IFLOW_OAUTH_CLIENT_SECRET: 'secret' };
    const [upstream] = iflow(login, client).upstreams;
    expect(upstream).toMatchObject({
      credentials: [{ id: 'login', tokens: { kind: 'login', path: '/home/me/.iflow/oauth_creds.json' } }],
      options: { oauth_client_id: 'client', oauth_client_secret: 'secret' },
    });
    const elsewhere = { ...client, IFLOW_OAUTH_BASE_URL: 'http://127.0.0.1:9900' };
    expect(iflow(login, elsewhere).upstreams[0]?.options).toMatchObject({ oauth_base_url: 'http://127.0.0.1:9900' });
  });

  it('uses a login without renewal if it has no OAuth client, with a warning', verifies('004-15'), () => {
    const env = { SLUICE_COMPAT: 'iflow2api', SLUICE_API_KEYS: 'sk-client-0001', HOME: '/home/me' };
    const file = '{"apiKey":"sk-of-login","refresh_token":"r","expiry_date":1}';
    const config = loadConfig({
      env,
      cwd: '/srv',
      readFile: (path) => (path.endsWith('oauth_creds.json') ? file : absent()),
      profiles,
    });
    expect(upstreamOf(config).credentials).toEqual([['login', 'sk-of-login']]);
    expect(config.warnings).toEqual([
      expect.stringMatching(/not renewed, because IFLOW_OAUTH_CLIENT_ID .* auth\/oauth\.py/),
    ]);
  });

  it('accepts another URL of its upstream, and no extensions', verifies('004-14'), () => {
    const config = iflow(settingsFile, { IFLOW_BASE_URL: 'http://127.0.0.1:9901/v1', MAX_CONTINUATIONS: '0' });
    expect(upstreamOf(config).baseUrl).toBe('http://127.0.0.1:9901/v1');
    expect(findModel(config, 'glm-4.7')?.autoContinue).toBe(0);
  });

  it.each([
    [
      'a login without its key',
      { 'oauth_creds.json': '{"refresh_token":"r"}' },
      '~/.iflow/oauth_creds.json: has no apiKey, so that it must be renewed first; log in with `npm run login -- iflow`, or give apiKey in ~/.iflow/settings.json',
    ],
    [
      'settings that are not JSON',
      { 'settings.json': '{"apiKey":' },
      '~/.iflow/settings.json: is not JSON; it must be a JSON object in which keys and URLs are texts',
    ],
    [
      'settings of another form',
      { 'settings.json': '{"apiKey":1}' },
      '~/.iflow/settings.json: must be a JSON object in which keys and URLs are texts',
    ],
    [
      'a login that is not JSON',
      { 'oauth_creds.json': 'x' },
      '~/.iflow/oauth_creds.json: is not JSON; it must be a JSON object in which keys and URLs are texts',
    ],
    [
      'the key of the documentation',
      { 'settings.json': '{"apiKey":"your-api-key"}' },
      '~/.iflow/settings.json, apiKey: is an example from the documentation; replace it by your own',
    ],
    [
      'a login whose key is that of the documentation',
      { 'settings.json': '{"apiKey":"k"}', 'oauth_creds.json': '{"apiKey":"your-api-key"}' },
      '~/.iflow/oauth_creds.json, apiKey: is an example from the documentation; replace it by your own',
    ],
    [
      'a login whose key has spaces',
      { 'oauth_creds.json': '{"api_key":"two words"}' },
      '~/.iflow/oauth_creds.json, apiKey: must be text without spaces',
    ],
    [
      'a key with spaces',
      { 'settings.json': '{"apiKey":"two words"}' },
      '~/.iflow/settings.json, apiKey: must be text without spaces',
    ],
    [
      'an invalid URL',
      { 'settings.json': '{"apiKey":"k","baseUrl":"iflow"}' },
      '~/.iflow/settings.json, baseUrl: must be an http or https URL without user, password, query and fragment',
    ],
  ])('is refused with %s', verifies('004-15', '004-16'), (_, files, problem) => {
    const inHome = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/home/me/.iflow/${name}`, text]));
    expect(problemsOf({ SLUICE_COMPAT: 'iflow2api' }, inHome)).toEqual([problem]);
  });
});

describe('a profile whose gateway started without any variable', () => {
  it.each([
    ['iflow2api', '~/.iflow/oauth_creds.json is missing, so requests are sent to iFlow without a key and refused; '],
    ['unified-proxy', 'API_KEY is not set: requests are sent without a key'],
  ])('starts without one too, with a warning about what is missing: %s', (name, words) => {
    const { upstreams, warnings } = load({ SLUICE_COMPAT: name });
    expect(upstreams[0]?.credentials).toEqual([{ id: 'default', apiKey: undefined, tokens: undefined }]);
    expect(warnings).toEqual([expect.stringContaining(words)]);
  });

  it('needs no key for a self-hosted server', () => {
    expect(load({ SLUICE_COMPAT: 'unified-proxy', TYPE: 'custom' }).warnings).toEqual([]);
  });
});

describe('every profile', () => {
  it('refuses a configuration file beside it', () => {
    const load = (): unknown =>
      loadConfig({
        env: { ...clients, SLUICE_COMPAT: 'z2api' },
        cwd: '/srv',
        readFile: () => 'log: { level: info }',
        profiles,
      });
    expect(load).toThrow('SLUICE_COMPAT: replaces the configuration file; remove one of the two');
  });

  it("is overridden by Sluice's own variables", () => {
    const config = load({ SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-provider', PORT: '1234', HOST: '127.0.0.2' });
    expect(config.server).toMatchObject({ port: 1234, host: '127.0.0.2' });
  });

  const minimum: Readonly<Record<ProfileName, Env>> = {
    'zai-proxy': {},
    z2api: {},
    'bailian-proxy': { ALIYUN_APP_ID: 'app-1', ALIYUN_API_KEY: 'sk-aliyun' },
    'unified-proxy': { API_KEY: 'sk-provider' },
    iflow2api: {},
  };
  const settingsFile = { '/home/me/.iflow/settings.json': '{"apiKey":"sk-iflow"}' };
  const loadLeast = (name: ProfileName, env: Env = {}): Config =>
    load({ SLUICE_COMPAT: name, ...minimum[name], ...env }, settingsFile);

  it.each(names)('listens on every address, as its gateway did: %s', (name) => {
    expect(loadLeast(name).server.host).toBe('0.0.0.0');
    expect(loadLeast(name, { HOST: '127.0.0.3' }).server.host).toBe('127.0.0.3');
  });

  it.each(names)('treats every empty variable as not set: %s', (name) => {
    const names = Object.keys(profilesByName[name].variables.shape).filter((variable) => !(variable in minimum[name]));
    const empty = Object.fromEntries(names.map((variable) => [variable, '']));
    const { warnings, ...config } = loadLeast(name, empty);
    const { warnings: usual, ...least } = loadLeast(name);
    expect(config).toEqual(least);
    expect(warnings.filter((warning) => !warning.endsWith('is set but empty, which counts as not set'))).toEqual(usual);
  });

  it.each(names)("names only the user's variables and files in problems, for all their values: %s", (name) => {
    const variables = Object.keys(profilesByName[name].variables.shape);
    const texts = [
      '0',
      '-1',
      '7',
      '5000',
      '99999999',
      '99999999999999',
      'x y',
      'true',
      'false',
      '*',
      'http://h/x?y',
      'coze',
      'azure_openai',
    ];
    const told = variables
      .flatMap((variable) => texts.map((text) => ({ [variable]: text })))
      .flatMap((env) => {
        try {
          loadLeast(name, env);
          return [];
        } catch (error) {
          if (error instanceof ConfigError) return error.problems;
          throw error;
        }
      });
    expect(told.length).toBeGreaterThan(10);
    for (const { path, message } of told) {
      expect([...variables, 'SLUICE_API_KEYS', 'SLUICE_SECRET_KEY'], `${path}: ${message}`).toContain(path);
      // Only names of settings have underscores between lower-case letters.
      expect(message.replaceAll('azure_openai', '')).not.toMatch(/[a-z]_[a-z]/);
    }
  });

  it.each([
    ['zai-proxy', 'without_key'],
    ['z2api', 'without_key'],
    ['bailian-proxy', 'any_key'],
    ['unified-proxy', 'without_key'],
    ['iflow2api', 'any_key'],
  ] as const)(
    'lets anybody of this machine in where that is said, and warns: %s',
    verifies('002-22', '002-34', '003-26', '003-27', '003-40'),
    (name, byAnonymousAccess) => {
      const anonymous = (env: Env) => loadLeast(name, env).keys.map((key) => key.anonymous);
      expect(anonymous({})).toEqual([undefined]);
      expect(anonymous({ ALLOW_ANONYMOUS_ACCESS: 'true' })).toEqual([byAnonymousAccess, undefined]);
      expect(anonymous({ ENABLE_CLIENT_AUTH: 'false' })).toEqual(['any_key', undefined]);
      for (const env of [{ ALLOW_ANONYMOUS_ACCESS: 'true' }, { ENABLE_CLIENT_AUTH: 'false' }]) {
        const { server, warnings } = loadLeast(name, env);
        expect(server.host).toBe('127.0.0.1');
        expect(warnings.at(-1)).toMatch(/^anonymous access is on: .* accepted from this machine/);
      }
    },
  );

  it.each([
    [
      { UPSTREAM_TOKEN: 't', API_KEY: 'k' },
      'UPSTREAM_TOKEN, API_KEY are set, but not read: to replace the gateway that has these variables, set SLUICE_COMPAT=zai-proxy',
    ],
    [
      { ALIYUN_API_KEY: 'k' },
      'ALIYUN_API_KEY is set, but not read: to replace the gateway that has this variable, set SLUICE_COMPAT=bailian-proxy',
    ],
    [
      { API_KEY: 'k', TYPE: 'coze', BASE_URL: 'http://h', ACTUAL_NAME: 'm', ENABLED: 'true' },
      'TYPE, API_KEY, BASE_URL, ACTUAL_NAME and 1 more are set, but not read: to replace the gateway that has these variables, set SLUICE_COMPAT=unified-proxy',
    ],
    [
      { UPSTREAM_TOKEN: 't' },
      'UPSTREAM_TOKEN is set, but not read: to replace the gateway that has this variable, set SLUICE_COMPAT=zai-proxy or SLUICE_COMPAT=z2api',
    ],
  ])('is named to who sets its variables alone: %o', (env, hint) => {
    expect(load(env as Env).warnings).toEqual([hint]);
  });

  it('is not suggested for variables of other programs, or beside a file, which may use all variables', () => {
    expect(load({ TYPE: 'x', USER_ID: '1000', DEBUG_MODE: 'true' }).warnings).toEqual([]);
    const beside = loadConfig({ env: { ...clients, UPSTREAM_TOKEN: 't' }, cwd: '/srv', readFile: () => 'log: {}' });
    expect(beside.warnings).toEqual([]);
  });

  it.each(names)('has all its variables in docs/migrate.md: %s', (name) => {
    const page = readFileSync(new URL('../../../docs/migrate.md', import.meta.url), 'utf8');
    const section = page.split(/^## /m).find((part) => part.startsWith(`${name}\n`)) ?? '';
    const variables = Object.keys(profilesByName[name].variables.shape);
    expect(variables.filter((variable) => !section.includes(`\`${variable}\``))).toEqual([]);
  });
});
