import { readFileSync } from 'node:fs';
import { ConfigError, type Config, findModel, loadConfig } from '@sluice/config';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { compatNames, compatProfiles } from '../../src/compat/read-compat.ts';
import { absent } from '../load.ts';

type Env = Readonly<Record<string, string>>;
const clients = { SLUICE_API_KEYS: 'sk-client-0001', SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001' };

/** Under a profile, with files of a home directory. */
function load(env: Env, files: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({
    env: { HOME: '/home/me', ...clients, ...env },
    cwd: '/srv',
    readFile: (path) => files[path] ?? absent(),
  });
}

function problemsOf(env: Env): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  throw new Error('the environment was taken');
}

const upstreamOf = ({ upstreams }: Config) => {
  const [first] = upstreams;
  if (first === undefined) throw new Error('there is no upstream');
  const { credentials, ...rest } = first;
  return { ...rest, credentials: credentials.map(({ id, apiKey }) => [id, apiKey?.reveal()]) };
};

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

  it('has its models, in any case', verifies('000-03', '000-16', '000-17', '000-18', '000-19', '000-20'), () => {
    const config = zai();
    const ids = ['glm-4.5', 'glm-4.5-thinking', 'glm-4.5-search', 'glm-4.5-air', 'glm-4.5v'];
    expect(config.models.map(({ id }) => id)).toEqual(ids);
    expect(ids.map((id) => findModel(config, id.toUpperCase())?.targets[0]?.model)).toEqual(ids);
  });

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

  it('does without fetched tokens where they can not be kept', verifies('000-15'), () => {
    const env = { SLUICE_COMPAT: 'zai-proxy', SLUICE_API_KEYS: 'sk-client-0001', UPSTREAM_TOKEN: 'tok' };
    const config = loadConfig({ env, cwd: '/srv', readFile: absent });
    expect(upstreamOf(config).credentials).toEqual([['token', 'tok']]);
    expect(config.warnings).toEqual([expect.stringContaining('SLUICE_SECRET_KEY')]);
  });

  it('takes API_KEY for a client key, but neither its published default nor an example', verifies('000-12'), () => {
    expect(zai({ API_KEY: 'sk-my-own-key' }).keys.map(({ name }) => name)).toEqual(['API_KEY', 'env-1']);
    expect(problemsOf({ SLUICE_COMPAT: 'zai-proxy', API_KEY: 'sk-EXAMPLE' })).toEqual([
      'API_KEY: is an example from the documentation; give your own',
    ]);
  });

  it('is quiet unless told otherwise', verifies('000-14'), () => {
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
    (mode, attempts, delayMs, wholeMs, streamMs) => {
      const { retry, timeouts } = z2({ PERFORMANCE_MODE: mode });
      expect([retry.maxAttempts, retry.baseDelayMs, timeouts.wholeMs, timeouts.streamMs]).toEqual([
        attempts,
        delayMs,
        wholeMs,
        streamMs,
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
      expect(config.timeouts).toMatchObject({ wholeMs: 120_000, streamMs: 300_000 });
      expect(config.limits).toMatchObject({ maxConcurrentRequests: 1000, queueSize: 500 });
      expect(upstreamOf(config)).toMatchObject({
        type: 'zai-web',
        baseUrl: 'https://chat.z.ai',
        credentials: [['anonymous', undefined]],
      });
      expect(config.models.map(({ thinking }) => thinking)).toEqual(['think', 'think', 'think']);
      expect([config.log.level, config.warnings]).toEqual(['info', []]);
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
      expect(config.timeouts).toMatchObject({ wholeMs: 180_000, streamMs: 500_000 });
      expect(config.limits).toMatchObject({ maxConcurrentRequests: 2000, queueSize: 50 });
      expect(config.server.pauseAtBytes).toBe(4096);
      expect(config.server.isStatusPublic).toBe(true);
      expect(config.server.memoryLimitBytes).toBe(2048 * 1024 * 1024);
      expect(config.models[0]?.thinking).toBe('strip');
    },
  );

  it('has its models in any case', verifies('001-02'), () => {
    const config = z2();
    expect(['GLM-4.5', 'GLM-4.5-Thinking', 'GLM-4.5-Search'].map((id) => findModel(config, id)?.id)).toEqual([
      'glm-4.5',
      'glm-4.5-thinking',
      'glm-4.5-search',
    ]);
  });

  it(
    'says what has no effect, or another than there',
    verifies('001-34', '001-36', '001-37', '001-41', '001-42', '001-43', '001-44'),
    () => {
      const { warnings } = z2({
        MEMORY_LIMIT_MB: '100',
        DISABLE_CONNECTION_CHECK: 'true',
        ENABLE_METRICS: 'false',
        LOG_USER_MESSAGES: 'true',
      });
      expect(warnings.map((warning) => warning.split(' ')[0])).toEqual([
        'MEMORY_LIMIT_MB=100',
        'connections',
        'ENABLE_METRICS=false',
        'LOG_USER_MESSAGES',
      ]);
      expect(z2({ ENABLE_DETAILED_LOGGING: 'false' }).log.level).toBe('warn');
    },
  );

  it.each([
    [
      { REQUEST_TIMEOUT: '120' },
      'REQUEST_TIMEOUT: must be milliseconds, 1000 or more (of this gateway the name counts milliseconds, not seconds)',
    ],
    [{ MAX_RETRIES: 'many' }, 'MAX_RETRIES: must be a whole number, 0 or more'],
    [{ PERFORMANCE_MODE: 'slow' }, 'PERFORMANCE_MODE: must be one of fast, balanced, secure'],
    [{ DEFAULT_KEY: 'your-api-key' }, 'DEFAULT_KEY: is an example from the documentation; give your own'],
    [{ UPSTREAM_TOKEN: '' }, 'UPSTREAM_TOKEN: is empty; it must be text without spaces'],
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
      expect(config.timeouts).toMatchObject({ wholeMs: 120_000, streamMs: 300_000 });
      expect(config.worker).toMatchObject({ maxConnections: 100, keepAliveMs: 90_000 });
      expect(config.warnings).toEqual([]);
    },
  );

  it('answers for any model', verifies('002-05'), () => {
    expect(findModel(bailian(), 'gpt-3.5-turbo')?.targets[0]?.upstream).toBe('bailian');
  });

  it('can use the compatible API', verifies('002-13', '002-30'), () => {
    expect(upstreamOf(bailian({ USE_NATIVE_API: 'false' })).options).toEqual({ mode: 'compatible' });
  });

  it('says what has no effect', verifies('002-14', '002-17', '002-18'), () => {
    const { warnings } = bailian({ PROXY_URL: 'http://p', MAX_IDLE_CONNS: '200', MAX_IDLE_CONNS_PER_HOST: '100' });
    expect(warnings.map((warning) => warning.split(' ')[0])).toEqual([
      'PROXY_URL',
      'MAX_IDLE_CONNS',
      'MAX_IDLE_CONNS_PER_HOST',
    ]);
  });

  it('lets in whom it let in only where that is said', verifies('002-22'), () => {
    expect(bailian().keys.map(({ anonymous }) => anonymous)).toEqual([undefined]);
    expect(bailian({ ALLOW_ANONYMOUS_ACCESS: 'true' }).keys.map(({ anonymous }) => anonymous)).toEqual([
      'without_key',
      undefined,
    ]);
  });

  it('can not do without application and key', verifies('002-09', '002-10'), () => {
    expect(problemsOf({ SLUICE_COMPAT: 'bailian-proxy' })).toEqual([
      'ALIYUN_APP_ID: is missing; it must be the id of an application',
      'ALIYUN_API_KEY: is missing; it must be text without spaces',
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

  it('knows what the model can', verifies('003-35', '003-36', '003-37'), () => {
    const lacks = { SUPPORTS_STREAMING: 'false', SUPPORTS_FUNCTION_CALLING: 'false' };
    expect(unified(lacks).upstreams[0]?.lacks).toEqual(['streaming', 'tools']);
    expect(upstreamOf(unified({ TYPE: 'anthropic', MAX_TOKENS: '100' })).options).toMatchObject({ max_tokens: 100 });
  });

  it('lets strangers in where that is said', verifies('003-26', '003-27'), () => {
    const anonymous = (env: Env) => unified(env).keys.map((key) => key.anonymous);
    expect(anonymous({})).toEqual([undefined]);
    expect(anonymous({ ALLOW_ANONYMOUS_ACCESS: 'true' })).toEqual(['without_key', undefined]);
    expect(anonymous({ ENABLE_CLIENT_AUTH: 'false' })).toEqual(['any_key', undefined]);
  });

  it('says what has no effect', verifies('003-25', '003-28', '003-29'), () => {
    const { warnings } = unified({
      DATABASE_URL: 'sqlite+aiosqlite:///./data/proxy.db',
      LOG_FILE_PATH: './logs/proxy.log',
      LOG_RETENTION_DAYS: '30',
    });
    expect(warnings.map((warning) => warning.split(' ')[0])).toEqual(['DATABASE_URL', 'LOG_FILE_PATH']);
  });

  it('refuses a model that is off, and keys of the documentation', verifies('003-31', '003-34'), () => {
    expect(problemsOf({ SLUICE_COMPAT: 'unified-proxy', API_KEY: 'your_api_key_here', ENABLED: 'false' })).toEqual([
      'API_KEY: is an example from the documentation; give your own',
      'ENABLED: must be true: there is no other model to serve',
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
      expect(findModel(config, 'GLM-4.7')).toMatchObject({ maxContinuations: 5, contextRounds: 10 });
      expect(findModel(iflow(settingsFile, { MAX_CONTINUATIONS: '2' }), 'glm-4.7')).toMatchObject({
        maxContinuations: 2,
      });
    },
  );

  it('has its models', verifies('004-19', '004-20', '004-21'), () => {
    const config = iflow(settingsFile);
    const served = ['glm-4.7', 'deepseek-r1', 'qwen3-235b-a22b-thinking'].map(
      (id) => findModel(config, id)?.targets[0]?.model,
    );
    expect(served).toEqual(['glm-4.7', 'deepseek-r1', 'qwen3-235b-a22b-thinking-2507']);
  });

  it('finds its key in its settings file', verifies('004-16'), () => {
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
    expect(problemsOf({ SLUICE_COMPAT: 'iflow2api' })).toEqual([
      expect.stringMatching(/^IFLOW_OAUTH_CLIENT_ID: is missing; the login is renewed with it/),
    ]);
  });
});

describe('every profile', () => {
  it('stands alone: a file beside it is refused', () => {
    const load = (): unknown =>
      loadConfig({ env: { ...clients, SLUICE_COMPAT: 'z2api' }, cwd: '/srv', readFile: () => 'log: { level: info }' });
    expect(load).toThrow('SLUICE_COMPAT: configures everything; remove either it or the configuration file');
  });

  it('gives way to our own variables', () => {
    const config = load({ SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-provider', PORT: '1234', HOST: '127.0.0.2' });
    expect(config.server).toMatchObject({ port: 1234, host: '127.0.0.2' });
  });

  it.each(compatNames)('has all its variables in docs/migrate.md: %s', (name) => {
    const page = readFileSync(new URL('../../../../docs/migrate.md', import.meta.url), 'utf8');
    const section = page.split(/^## /m).find((part) => part.startsWith(`${name}\n`)) ?? '';
    const variables = Object.keys(compatProfiles[name].variables.shape);
    expect(variables.filter((variable) => !section.includes(`\`${variable}\``))).toEqual([]);
  });
});
