import { across, fieldOf } from '@sluice/config/schema';
import { z } from 'zod';
import { accessOf, accessVariables } from './access.ts';
import { defineProfile, withoutEffect } from './profile.ts';
import { withoutSilenceLimit } from './time-outs.ts';
import { digits, httpUrl, ownId, secret, seconds, trueOrFalse } from './variable-types.ts';

const shape = z.object({
  ALIYUN_APP_ID: ownId('the id of an application').optional(),
  ALIYUN_API_KEY: secret(),
  ALIYUN_BASE_URL: httpUrl().default('https://dashscope.aliyuncs.com'),
  USE_NATIVE_API: trueOrFalse().default(true),
  PROXY_URL: z.string().optional(),
  REQUEST_TIMEOUT: seconds().default(120_000),
  STREAM_TIMEOUT: seconds().default(300_000),
  MAX_IDLE_CONNS: digits().optional(),
  MAX_IDLE_CONNS_PER_HOST: digits().optional(),
  MAX_CONNS_PER_HOST: digits(1).default(100),
  IDLE_CONN_TIMEOUT: seconds().default(90_000),
  ...accessVariables,
});
const variables = across(shape, function* (value) {
  const isNative = String(fieldOf(value, 'USE_NATIVE_API')).toLowerCase() !== 'false';
  if (!isNative || fieldOf(value, 'ALIYUN_APP_ID') !== undefined) return;
  yield { path: ['ALIYUN_APP_ID'], message: 'is missing; it must be the id of an application' };
});
type Values = z.output<typeof variables>;

/** The Go proxy for agent applications of Aliyun Bailian. The application answers requests for every model. */
export const bailianProxy = defineProfile({
  variables,
  toSettings(values) {
    const { ALIYUN_APP_ID: appId } = values;
    return {
      settings: {
        ...accessOf(values, { port: 8080, checkedNoKeys: true }),
        worker: { max_connections: values.MAX_CONNS_PER_HOST, keep_alive_ms: values.IDLE_CONN_TIMEOUT },
        upstreams: [
          {
            id: 'bailian',
            type: 'bailian',
            base_url: values.ALIYUN_BASE_URL,
            credentials: [{ id: 'key', api_key: values.ALIYUN_API_KEY }],
            options: appId === undefined ? { mode: 'compatible' } : { mode: 'native', app_id: appId },
            // The gateway passed on or ignored all other fields of requests.
            drop_unsupported: true,
          },
        ],
        models: modelsOf(values),
        timeouts: withoutSilenceLimit({ total_ms: values.REQUEST_TIMEOUT, stream_total_ms: values.STREAM_TIMEOUT }),
      },
      warnings: warningsOf(values),
      names: { settings: settingNames },
    };
  },
});

const settingNames = {
  'upstreams[0].options.app_id': 'ALIYUN_APP_ID',
  'worker.max_connections': 'MAX_CONNS_PER_HOST',
  'worker.keep_alive_ms': 'IDLE_CONN_TIMEOUT',
  'timeouts.total_ms': 'REQUEST_TIMEOUT',
  'timeouts.stream_total_ms': 'STREAM_TIMEOUT',
} as const;

/** Returns the models. An application answers under any name; one name is listed for clients that choose from a list. */
function modelsOf({ ALIYUN_APP_ID }: Values): readonly object[] {
  const targets = [{ upstream: 'bailian' }];
  const names = ALIYUN_APP_ID === undefined ? ['qwen-plus', '*'] : ['gpt-3.5-turbo', '*'];
  return names.map((id) => ({ id, targets }));
}

const idle = 'idle connections are closed after IDLE_CONN_TIMEOUT only; their number is not limited';

function warningsOf(values: Values): string[] {
  return [
    ...withoutEffect(values, {
      PROXY_URL: 'the original gateway did not use it either',
      MAX_IDLE_CONNS: idle,
      MAX_IDLE_CONNS_PER_HOST: idle,
    }),
    ...(values.USE_NATIVE_API || values.ALIYUN_APP_ID === undefined
      ? []
      : [
          'USE_NATIVE_API=false has no effect beside ALIYUN_APP_ID: the compatible path of applications answers "Agent request must contain input messages", so the application is called natively; without ALIYUN_APP_ID plain models are called by the names in requests',
        ]),
  ];
}
