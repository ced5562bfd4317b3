import { oneOf, someText } from '@sluice/setting-types';
import { z } from 'zod';
import { accessOf, accessVariables } from './access.ts';
import { defineProfile, withoutEffect } from './profile.ts';
import { patientTimeouts } from './time-outs.ts';
import { digits, httpUrl, secret, trueOrFalse } from './variable-types.ts';

/** Its names of platforms, with the type and base URL of each. */
const platforms = {
  openai: { type: 'openai', baseUrl: 'https://api.openai.com/v1' },
  anthropic: { type: 'anthropic', baseUrl: 'https://api.anthropic.com/v1' },
  google: { type: 'gemini', baseUrl: 'https://generativelanguage.googleapis.com/v1beta' },
  azure_openai: { type: 'azure', baseUrl: undefined },
  coze: { type: 'coze', baseUrl: 'https://api.coze.com' },
  custom: { type: 'ollama', baseUrl: 'http://localhost:11434/v1' },
} as const;
type Platform = keyof typeof platforms;

const variables = z.object({
  DATABASE_URL: z.string().optional(),
  LOG_FILE_PATH: someText('a path').default('./logs/proxy.log'),
  LOG_RETENTION_DAYS: digits(1, 3650).default(30),
  TYPE: oneOf(Object.keys(platforms) as [Platform, ...Platform[]]).default('openai'),
  API_KEY: secret().optional(),
  BASE_URL: httpUrl().optional(),
  ACTUAL_NAME: someText('the name of a model').default('gpt-3.5-turbo'),
  ENABLED: trueOrFalse()
    .default(true)
    .refine((isEnabled) => isEnabled, { error: 'must be true: this is the only model' }),
  MAX_TOKENS: digits(1).optional(),
  SUPPORTS_STREAMING: trueOrFalse().default(true),
  SUPPORTS_FUNCTION_CALLING: trueOrFalse().optional(),
  USER_ID: z.string().optional(),
  ...accessVariables,
});
type Values = z.output<typeof variables>;

/** The Python proxy for several platforms; its environment describes one model. */
export const unifiedProxy = defineProfile({
  variables,
  foreignVariables: ({ DATABASE_URL }) => (isSqlite(DATABASE_URL) ? ['DATABASE_URL'] : []),
  toSettings(values) {
    const { TYPE, MAX_TOKENS = 4096 } = values;
    const { baseUrl, model } = placeOf(values);
    if (baseUrl === undefined) {
      const wanted = 'https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT';
      return { problems: [{ path: 'BASE_URL', message: `is missing; with TYPE=azure_openai it must be ${wanted}` }] };
    }
    const lacks = [
      ...(values.SUPPORTS_STREAMING ? [] : ['streaming']),
      ...(values.SUPPORTS_FUNCTION_CALLING === false && TYPE !== 'coze' ? ['tools'] : []),
    ];
    const upstream = TYPE.replace('_', '-');
    const { server, keys } = accessOf(values, { port: 8000 });
    return {
      settings: {
        // The original gateway listed its models (`/models`) without a key.
        server: { ...server, public_models: true },
        keys,
        upstreams: [
          {
            id: upstream,
            type: platforms[TYPE].type,
            base_url: baseUrl,
            // The gateway started without any variable; a self-hosted server may need no key.
            ...(values.API_KEY === undefined ? {} : { credentials: [{ id: 'key', api_key: values.API_KEY }] }),
            ...(TYPE === 'anthropic' ? { options: { max_tokens: MAX_TOKENS } } : {}),
            lacks,
            // Bots of Coze have no parameters; the gateway ignored those of clients.
            drop_unsupported: TYPE === 'coze',
          },
        ],
        models: modelsOf({ values, upstream, model }),
        log: { file: values.LOG_FILE_PATH, retention_days: values.LOG_RETENTION_DAYS },
        timeouts: patientTimeouts,
      },
      warnings: warningsOf(values),
      names: { settings: settingNames },
    };
  },
});

const settingNames = {
  'upstreams[0].base_url': 'BASE_URL',
  'upstreams[0].options.max_tokens': 'MAX_TOKENS',
  'models[0].id': 'ACTUAL_NAME',
  'models[0].targets': 'ACTUAL_NAME',
  'models[1].targets': 'ACTUAL_NAME',
  'models[2].targets': 'ACTUAL_NAME',
  'log.file': 'LOG_FILE_PATH',
  'log.retention_days': 'LOG_RETENTION_DAYS',
} as const;

interface Served {
  readonly values: Values;
  readonly upstream: string;
  /** Name of the model at the upstream. */
  readonly model: string;
}

/** Returns the models. ACTUAL_NAME answers requests for every model; embedding models keep their names. */
function modelsOf({ values, upstream, model }: Served): readonly object[] {
  const { TYPE, ACTUAL_NAME } = values;
  const makesVectors = TYPE !== 'coze' && TYPE !== 'anthropic';
  const isPattern = (id: string): boolean => id === '*' || (id === '*embed*' && makesVectors);
  return [
    ...(isPattern(ACTUAL_NAME) ? [] : [{ id: ACTUAL_NAME, targets: [{ upstream, model }] }]),
    ...(makesVectors ? [{ id: '*embed*', targets: [{ upstream }] }] : []),
    { id: '*', targets: [{ upstream, model }] },
  ];
}

/** Returns base URL and model. An Azure URL ends with the name of the deployment. */
function placeOf({ TYPE, BASE_URL, ACTUAL_NAME }: Values): {
  readonly baseUrl: string | undefined;
  readonly model: string;
} {
  const [, resource, deployment] = /^(.*)\/openai\/deployments\/([^/]+)\/?$/.exec(BASE_URL ?? '') ?? [];
  if (TYPE === 'azure_openai' && resource !== undefined) return { baseUrl: resource, model: deployment ?? ACTUAL_NAME };
  return { baseUrl: BASE_URL ?? platforms[TYPE].baseUrl, model: ACTUAL_NAME };
}

function warningsOf(values: Values): string[] {
  const keyless =
    values.API_KEY === undefined && values.TYPE !== 'custom'
      ? ['API_KEY is not set: requests are sent without a key, and a provider that requires one refuses them']
      : [];
  return [...keyless, ...(isSqlite(values.DATABASE_URL) ? [noSqlite] : []), ...uselessOf(values)];
}

const isSqlite = (url: string | undefined): boolean => url !== undefined && /^sqlite(?:\+\w+)?:/i.test(url);

const noSqlite =
  'DATABASE_URL names an SQLite file, which is neither read nor written: Sluice keeps its records in PostgreSQL. `npm start` uses a PostgreSQL of its own for them; elsewhere, set DATABASE_URL to a postgres:// URL';

function uselessOf(values: Values): string[] {
  return withoutEffect(values, {
    USER_ID: 'the processes run as the user that starts them',
    ...(values.TYPE === 'anthropic' ? {} : { MAX_TOKENS: 'the client and the provider limit the length of an answer' }),
  });
}
