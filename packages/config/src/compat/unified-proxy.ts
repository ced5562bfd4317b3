import { oneOf, someText } from '@sluice/setting-types';
import { z } from 'zod';
import { defineProfile } from './profile.ts';
import { patientTimeouts } from './time-outs.ts';
import { anonymousKeys, digits, httpUrl, secret, trueOrFalse } from './variable-types.ts';

/** Its names of platforms, and what stands for them here. */
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
  ENABLE_CLIENT_AUTH: trueOrFalse().default(true),
  ALLOW_ANONYMOUS_ACCESS: trueOrFalse().default(false),
  LOG_FILE_PATH: z.string().optional(),
  LOG_RETENTION_DAYS: digits().optional(),
  TYPE: oneOf(Object.keys(platforms) as [Platform, ...Platform[]]).default('openai'),
  API_KEY: secret(),
  BASE_URL: httpUrl().optional(),
  ACTUAL_NAME: someText('the name of a model').default('gpt-3.5-turbo'),
  ENABLED: trueOrFalse()
    .default(true)
    .refine((isEnabled) => isEnabled, { error: 'must be true: there is no other model to serve' }),
  MAX_TOKENS: digits(1).default(4096),
  SUPPORTS_STREAMING: trueOrFalse().default(true),
  SUPPORTS_FUNCTION_CALLING: trueOrFalse().optional(),
  USER_ID: z.string().optional(),
});
type Values = z.output<typeof variables>;

/** The Python proxy for several platforms; its environment describes one model. */
export const unifiedProxy = defineProfile({
  variables,
  toSettings: (values) => {
    const { baseUrl, model } = placeOf(values);
    const lacks = [
      ...(values.SUPPORTS_STREAMING ? [] : ['streaming']),
      ...(values.SUPPORTS_FUNCTION_CALLING === false ? ['tools'] : []),
    ];
    return {
      settings: {
        server: { port: 8000, host: hostFor(values) },
        keys: anonymousKeys(values),
        upstreams: [
          {
            id: values.TYPE.replace('_', '-'),
            type: platforms[values.TYPE].type,
            ...(baseUrl === undefined ? {} : { base_url: baseUrl }),
            credentials: [{ id: 'key', api_key: values.API_KEY }],
            ...(values.TYPE === 'anthropic' ? { options: { max_tokens: values.MAX_TOKENS } } : {}),
            ...(lacks.length === 0 ? {} : { lacks }),
          },
        ],
        models: [{ id: values.ACTUAL_NAME, targets: [{ upstream: values.TYPE.replace('_', '-'), model }] }],
        timeouts: patientTimeouts,
      },
      warnings: warningsOf(values),
    };
  },
});

/** As its users know it; but who lets anybody in must say with HOST that other machines are meant. */
const hostFor = (values: Values): string => (anonymousKeys(values).length > 0 ? '127.0.0.1' : '0.0.0.0');

/** A deployment of Azure's stands at the end of its URL. */
function placeOf({ TYPE, BASE_URL, ACTUAL_NAME }: Values): {
  readonly baseUrl: string | undefined;
  readonly model: string;
} {
  const [, resource, deployment] = /^(.*)\/openai\/deployments\/([^/]+)\/?$/.exec(BASE_URL ?? '') ?? [];
  if (TYPE === 'azure_openai' && resource !== undefined) return { baseUrl: resource, model: deployment ?? ACTUAL_NAME };
  return { baseUrl: BASE_URL ?? platforms[TYPE].baseUrl, model: ACTUAL_NAME };
}

function warningsOf({ DATABASE_URL, LOG_FILE_PATH, LOG_RETENTION_DAYS, TYPE, MAX_TOKENS }: Values): string[] {
  return [
    ...(DATABASE_URL === undefined ? [] : ['DATABASE_URL has no effect: requests and answers are not stored']),
    ...(LOG_FILE_PATH === undefined && LOG_RETENTION_DAYS === undefined
      ? []
      : ['LOG_FILE_PATH and LOG_RETENTION_DAYS have no effect: the log goes to stdout, for whoever collects it']),
    ...(TYPE === 'anthropic' || MAX_TOKENS === 4096
      ? []
      : ['MAX_TOKENS has no effect: an answer may be as long as its client asks and the provider allows']),
  ];
}
