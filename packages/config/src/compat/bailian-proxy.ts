import { someText } from '@sluice/setting-types';
import { z } from 'zod';
import { defineProfile } from './profile.ts';
import { withoutSilenceLimit } from './time-outs.ts';
import { anonymousKeys, digits, httpUrl, secret, seconds, trueOrFalse } from './variable-types.ts';

const unused = ['PROXY_URL', 'MAX_IDLE_CONNS', 'MAX_IDLE_CONNS_PER_HOST'] as const;

/** The Go proxy for agent applications of Aliyun Bailian. Whatever a client calls its model, the application answers. */
export const bailianProxy = defineProfile({
  variables: z.object({
    ALIYUN_APP_ID: someText('the id of an application'),
    ALIYUN_API_KEY: secret(),
    ALIYUN_BASE_URL: httpUrl().default('https://dashscope.aliyuncs.com'),
    ALLOW_ANONYMOUS_ACCESS: trueOrFalse().default(false),
    USE_NATIVE_API: trueOrFalse().default(true),
    PROXY_URL: z.string().optional(),
    REQUEST_TIMEOUT: seconds().default(120_000),
    STREAM_TIMEOUT: seconds().default(300_000),
    MAX_IDLE_CONNS: digits().optional(),
    MAX_IDLE_CONNS_PER_HOST: digits().optional(),
    MAX_CONNS_PER_HOST: digits(1).default(100),
    IDLE_CONN_TIMEOUT: seconds().default(90_000),
  }),
  toSettings: (values) => ({
    settings: {
      server: { port: 8080 },
      keys: anonymousKeys(values),
      worker: { max_connections: values.MAX_CONNS_PER_HOST, keep_alive_ms: values.IDLE_CONN_TIMEOUT },
      upstreams: [
        {
          id: 'bailian',
          type: 'bailian',
          base_url: values.ALIYUN_BASE_URL,
          credentials: [{ id: 'key', api_key: values.ALIYUN_API_KEY }],
          options: values.USE_NATIVE_API ? { mode: 'native', app_id: values.ALIYUN_APP_ID } : { mode: 'compatible' },
        },
      ],
      models: [{ id: '*', targets: [{ upstream: 'bailian' }] }],
      timeouts: withoutSilenceLimit({ total_ms: values.REQUEST_TIMEOUT, stream_total_ms: values.STREAM_TIMEOUT }),
    },
    warnings: unused
      .filter((name) => values[name] !== undefined)
      .map(
        (name) => `${name} has no effect: idle connections are closed after IDLE_CONN_TIMEOUT, whatever their number`,
      )
      .map((text) => (text.startsWith('PROXY_URL') ? 'PROXY_URL has no effect: it never had one' : text)),
  }),
});
