import { mostConcurrency, usualConcurrency } from '@sluice/config/schema';
import { retryPresets } from '@sluice/policy';
import { oneOf } from '@sluice/setting-types';
import { z } from 'zod';
import { accessOf, accessVariables } from './access.ts';
import { defineProfile, withoutEffect } from './profile.ts';
import { withoutSilenceLimit } from './time-outs.ts';
import { clientKey, digits, longestMs, milliseconds, trueOrFalse } from './variable-types.ts';
import { zaiNames, zaiRouting, zaiVariables, zaiWarnings } from './zai-web.ts';

/** Largest buffer: beyond this a slow client would be disconnected before its upstream is paused. */
const largestBufferBytes = 4 * 1024 * 1024;
const models = ['glm-4.5', 'glm-4.5-thinking', 'glm-4.5-search'];

const variables = z.object({
  ...zaiVariables,
  DEFAULT_KEY: clientKey().optional(),
  PERFORMANCE_MODE: oneOf(['fast', 'balanced', 'secure']).default('balanced'),
  MAX_RETRIES: digits(0, 99).optional(),
  RETRY_DELAY: digits(0, longestMs).optional(),
  REQUEST_TIMEOUT: milliseconds().optional(),
  STREAM_TIMEOUT: milliseconds().optional(),
  RANDOM_DELAY_MIN: digits(0, longestMs).optional(),
  RANDOM_DELAY_MAX: digits(0, longestMs).optional(),
  MAX_CONCURRENT_CONNECTIONS: digits(1).default(1000),
  CONNECTION_QUEUE_SIZE: digits().default(500),
  MAX_CONNECTION_TIME: milliseconds().default(600_000),
  MEMORY_LIMIT_MB: digits(1).default(2048),
  STREAM_BUFFER_SIZE: digits(1, largestBufferBytes).default(16_384),
  DISABLE_CONNECTION_CHECK: trueOrFalse().optional(),
  CONNECTION_CHECK_INTERVAL: digits().optional(),
  THINK_TAGS_MODE: oneOf(['think', 'strip', 'raw']).default('think'),
  DEBUG_MODE: trueOrFalse().default(false),
  ENABLE_METRICS: trueOrFalse().default(true),
  ENABLE_DETAILED_LOGGING: trueOrFalse().default(true),
  LOG_USER_MESSAGES: trueOrFalse().default(false),
  LOG_RESPONSE_CONTENT: trueOrFalse().default(false),
  ...accessVariables,
});
type Values = z.output<typeof variables>;

/** Minimum of `server.memory_limit_bytes`, in MiB. */
const leastMemoryMiB = 128;

/** The optimised Go proxy for Z.ai. */
export const z2api = defineProfile({
  variables,
  toSettings(values, { hasSecretKey }) {
    const routing = zaiRouting(
      values,
      hasSecretKey,
      models.map((id) => ({ id, thinking: values.THINK_TAGS_MODE })),
    );
    if ('problems' in routing) return routing;
    const { server, keys } = accessOf(values, {
      port: 8080,
      clientKey: { name: 'DEFAULT_KEY', key: values.DEFAULT_KEY },
    });
    return {
      settings: {
        server: {
          ...server,
          pause_at_bytes: values.STREAM_BUFFER_SIZE,
          memory_limit_bytes: Math.max(leastMemoryMiB, values.MEMORY_LIMIT_MB) * 1024 * 1024,
          public_status: true,
        },
        keys,
        ...routing,
        retry: retryOf(values),
        timeouts: timeoutsOf(values),
        worker: { concurrency: concurrencyOf(values) },
        limits: {
          max_concurrent_requests: values.MAX_CONCURRENT_CONNECTIONS,
          queue_size: values.CONNECTION_QUEUE_SIZE,
        },
        log: { level: logLevel(values) },
      },
      warnings: [...zaiWarnings(values, hasSecretKey), ...warningsOf(values)],
      names: { ...zaiNames, settings: settingNames, clientKey: 'DEFAULT_KEY' },
    };
  },
});

const settingNames = {
  'server.pause_at_bytes': 'STREAM_BUFFER_SIZE',
  'server.memory_limit_bytes': 'MEMORY_LIMIT_MB',
  'retry.max_attempts': 'MAX_RETRIES',
  'retry.base_delay_ms': 'RETRY_DELAY',
  'retry.max_delay_ms': 'RETRY_DELAY',
  'retry.random_delay_min_ms': 'RANDOM_DELAY_MIN',
  'retry.random_delay_max_ms': 'RANDOM_DELAY_MAX',
  'timeouts.total_ms': 'REQUEST_TIMEOUT',
  'timeouts.stream_total_ms': 'STREAM_TIMEOUT',
  'worker.concurrency': 'MAX_CONCURRENT_CONNECTIONS',
  'limits.max_concurrent_requests': 'MAX_CONCURRENT_CONNECTIONS',
  'limits.queue_size': 'CONNECTION_QUEUE_SIZE',
} as const;

/** Returns the concurrency of the worker. The gateway was one process, so one worker must run all admitted requests. */
const concurrencyOf = ({ MAX_CONCURRENT_CONNECTIONS: all }: Values): number =>
  Math.min(mostConcurrency, Math.max(usualConcurrency, all));

function retryOf(values: Values): object {
  const { PERFORMANCE_MODE: mode, MAX_RETRIES: retries, RETRY_DELAY: delayMs } = values;
  const { maxDelayMs } = retryPresets[mode];
  return withoutUndefined({
    mode,
    max_attempts: retries === undefined ? undefined : retries + 1,
    base_delay_ms: delayMs,
    // The gateway had no maximum of the delay, so its users do not set one.
    max_delay_ms: delayMs === undefined || delayMs <= maxDelayMs ? undefined : delayMs,
    random_delay_min_ms: values.RANDOM_DELAY_MIN,
    random_delay_max_ms: values.RANDOM_DELAY_MAX,
  });
}

/** Returns the time-outs. The total of a stream is at most MAX_CONNECTION_TIME. */
function timeoutsOf(values: Values): object {
  const { totalMs, streamTotalMs } = retryPresets[values.PERFORMANCE_MODE].totals;
  return withoutSilenceLimit({
    total_ms: values.REQUEST_TIMEOUT ?? totalMs,
    stream_total_ms: Math.min(values.STREAM_TIMEOUT ?? streamTotalMs, values.MAX_CONNECTION_TIME),
  });
}

function logLevel({ DEBUG_MODE, ENABLE_DETAILED_LOGGING }: Values): string {
  if (DEBUG_MODE) return 'debug';
  return ENABLE_DETAILED_LOGGING ? 'info' : 'warn';
}

function warningsOf(values: Values): string[] {
  const { MEMORY_LIMIT_MB, MAX_CONCURRENT_CONNECTIONS, DISABLE_CONNECTION_CHECK } = values;
  const { LOG_USER_MESSAGES, LOG_RESPONSE_CONTENT, ENABLE_METRICS } = values;
  const noticed = 'connections are not polled, because Sluice notices at once that a client has left';
  const neverLogged = 'messages and answers are never logged';
  const ifTrue = (value: boolean | undefined): true | undefined => (value === true ? value : undefined);
  return [
    ...(MEMORY_LIMIT_MB < leastMemoryMiB
      ? [`MEMORY_LIMIT_MB=${MEMORY_LIMIT_MB} is too little for Sluice: ${leastMemoryMiB} applies instead`]
      : []),
    ...(MAX_CONCURRENT_CONNECTIONS > mostConcurrency
      ? [
          `MAX_CONCURRENT_CONNECTIONS=${MAX_CONCURRENT_CONNECTIONS} is more than one worker runs at once, ${mostConcurrency}: start ${Math.ceil(MAX_CONCURRENT_CONNECTIONS / mostConcurrency)} workers, otherwise further requests wait`,
        ]
      : []),
    ...withoutEffect(
      {
        ...values,
        DISABLE_CONNECTION_CHECK: ifTrue(DISABLE_CONNECTION_CHECK),
        LOG_USER_MESSAGES: ifTrue(LOG_USER_MESSAGES),
        LOG_RESPONSE_CONTENT: ifTrue(LOG_RESPONSE_CONTENT),
      },
      {
        DISABLE_CONNECTION_CHECK: noticed,
        CONNECTION_CHECK_INTERVAL: noticed,
        LOG_USER_MESSAGES: neverLogged,
        LOG_RESPONSE_CONTENT: neverLogged,
      },
    ),
    ...(ENABLE_METRICS
      ? []
      : [
          'ENABLE_METRICS=false has no effect: /metrics stays on the management port and, with an admin key, on the port for clients',
        ]),
  ];
}

const withoutUndefined = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
