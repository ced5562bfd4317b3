import { oneOf } from '@sluice/setting-types';
import { z } from 'zod';
import { defineProfile } from './profile.ts';
import { clientKey, digits, httpUrl, milliseconds, secret, trueOrFalse } from './variable-types.ts';
import { modelsAt, warningsAbout, zaiWebUpstream } from './zai-web.ts';

const variables = z.object({
  DEFAULT_KEY: clientKey().optional(),
  UPSTREAM_URL: httpUrl().default('https://chat.z.ai/api/chat/completions'),
  UPSTREAM_TOKEN: secret().optional(),
  PERFORMANCE_MODE: oneOf(['fast', 'balanced', 'secure']).default('balanced'),
  MAX_RETRIES: digits().optional(),
  RETRY_DELAY: digits().optional(),
  REQUEST_TIMEOUT: milliseconds().optional(),
  STREAM_TIMEOUT: milliseconds().optional(),
  RANDOM_DELAY_MIN: digits().optional(),
  RANDOM_DELAY_MAX: digits().optional(),
  MAX_CONCURRENT_CONNECTIONS: digits(1).default(1000),
  CONNECTION_QUEUE_SIZE: digits().default(500),
  MAX_CONNECTION_TIME: milliseconds().default(600_000),
  MEMORY_LIMIT_MB: digits(1).default(2048),
  STREAM_BUFFER_SIZE: digits(1).default(16_384),
  DISABLE_CONNECTION_CHECK: trueOrFalse().default(false),
  CONNECTION_CHECK_INTERVAL: digits().optional(),
  ANON_TOKEN_ENABLED: trueOrFalse().default(true),
  THINK_TAGS_MODE: oneOf(['think', 'strip', 'raw']).default('think'),
  DEBUG_MODE: trueOrFalse().default(false),
  ENABLE_METRICS: trueOrFalse().default(true),
  ENABLE_DETAILED_LOGGING: trueOrFalse().default(true),
  LOG_USER_MESSAGES: trueOrFalse().default(false),
  LOG_RESPONSE_CONTENT: trueOrFalse().default(false),
});
type Values = z.output<typeof variables>;

/** Maximum total time of a stream, per mode: the shorter of this and MAX_CONNECTION_TIME counts. */
const streamMs = { fast: 60_000, balanced: 300_000, secure: 600_000 } as const;

/** The least that `server.memory_limit_bytes` takes. */
const leastMemoryMiB = 128;

/** The optimised Go proxy for Z.ai. */
export const z2api = defineProfile({
  variables,
  toSettings: (values, { hasSecretKey }) => ({
    settings: {
      server: {
        port: 8080,
        pause_at_bytes: values.STREAM_BUFFER_SIZE,
        memory_limit_bytes: Math.max(leastMemoryMiB, values.MEMORY_LIMIT_MB) * 1024 * 1024,
        public_status: true,
      },
      ...(values.DEFAULT_KEY === undefined ? {} : { keys: [{ name: 'DEFAULT_KEY', key: values.DEFAULT_KEY }] }),
      upstreams: [
        zaiWebUpstream({
          baseUrl: values.UPSTREAM_URL.replace(/\/api\/(?:v2\/)?chat\/completions\/?$/, ''),
          ...accessOf(values, hasSecretKey),
        }),
      ],
      models: modelsAt('zai-web', ['glm-4.5', 'glm-4.5-thinking', 'glm-4.5-search'], {
        thinking: values.THINK_TAGS_MODE,
      }),
      retry: withoutUndefined({
        mode: values.PERFORMANCE_MODE,
        max_attempts: values.MAX_RETRIES === undefined ? undefined : values.MAX_RETRIES + 1,
        base_delay_ms: values.RETRY_DELAY,
        random_delay_min_ms: values.RANDOM_DELAY_MIN,
        random_delay_max_ms: values.RANDOM_DELAY_MAX,
      }),
      timeouts: withoutUndefined({
        total_ms: values.REQUEST_TIMEOUT,
        stream_total_ms: Math.min(
          values.STREAM_TIMEOUT ?? streamMs[values.PERFORMANCE_MODE],
          values.MAX_CONNECTION_TIME,
        ),
      }),
      limits: {
        max_concurrent_requests: values.MAX_CONCURRENT_CONNECTIONS,
        queue_size: values.CONNECTION_QUEUE_SIZE,
      },
      log: { level: logLevel(values) },
    },
    warnings: [...warningsAbout(accessOf(values, hasSecretKey)), ...warningsOf(values)],
  }),
});

const accessOf = ({ UPSTREAM_TOKEN, ANON_TOKEN_ENABLED }: Values, hasSecretKey: boolean) => ({
  token: UPSTREAM_TOKEN,
  mayBeAnonymous: ANON_TOKEN_ENABLED,
  hasSecretKey,
});

function logLevel({ DEBUG_MODE, ENABLE_DETAILED_LOGGING }: Values): string {
  if (DEBUG_MODE) return 'debug';
  return ENABLE_DETAILED_LOGGING ? 'info' : 'warn';
}

function warningsOf(values: Values): string[] {
  const { MEMORY_LIMIT_MB, DISABLE_CONNECTION_CHECK, CONNECTION_CHECK_INTERVAL, ENABLE_METRICS } = values;
  return [
    ...(MEMORY_LIMIT_MB < leastMemoryMiB
      ? [`MEMORY_LIMIT_MB=${MEMORY_LIMIT_MB} is less than this gateway needs: ${leastMemoryMiB} counts instead`]
      : []),
    ...(DISABLE_CONNECTION_CHECK || CONNECTION_CHECK_INTERVAL !== undefined
      ? ['connections are not polled: a client that leaves is noticed at once, always']
      : []),
    ...(ENABLE_METRICS
      ? []
      : ['ENABLE_METRICS=false has no effect: /metrics is there, on the management port and with an admin key']),
    ...(values.LOG_USER_MESSAGES || values.LOG_RESPONSE_CONTENT
      ? ['LOG_USER_MESSAGES and LOG_RESPONSE_CONTENT have no effect: messages and answers are never logged']
      : []),
  ];
}

const withoutUndefined = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
