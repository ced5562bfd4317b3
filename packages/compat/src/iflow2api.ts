import { join } from 'node:path';
import type { ConfigProblem, Machine } from '@sluice/config';
import { exampleFault } from '@sluice/config/schema';
import { catalogue } from '@sluice/providers/catalogue';
import { z } from 'zod';
import { accessOf as listen, accessVariables } from './access.ts';
import { defineProfile } from './profile.ts';
import { patientTimeouts } from './time-outs.ts';
import { digits, httpUrl, secret } from './variable-types.ts';

/** Models of its clients; the service had no endpoint that listed them. */
const models = [
  'glm-4.6',
  'glm-4.7',
  'glm-5',
  'deepseek-r1',
  'deepseek-v3',
  'deepseek-v3.1',
  'deepseek-v3.2',
  'qwen3-coder-plus',
  'qwen3-max',
  'qwen3-vl-plus',
  'qwen3-235b',
  'qwen3-235b-a22b-instruct',
  'qwen3-235b-a22b-thinking-2507',
  'kimi-k2',
  'kimi-k2-0905',
  'kimi-k2-thinking',
  'kimi-k2.5',
  'minimax-m2.1',
];
/** Other common names of models. */
const aliases = { 'qwen3-235b-a22b-thinking': 'qwen3-235b-a22b-thinking-2507' } as const;

const settingsFileName = '~/.iflow/settings.json';
const loginFileName = '~/.iflow/oauth_creds.json';

const settingsFileSchema = z.looseObject({
  apiKey: z.string().optional(),
  api_key: z.string().optional(),
  baseUrl: z.string().optional(),
  base_url: z.string().optional(),
});
/** The used part of a login file: the key for calls. */
const loginFileSchema = z.looseObject({
  apiKey: z.string().optional(),
  api_key: z.string().optional(),
});

type SettingsFile = z.output<typeof settingsFileSchema>;

const variables = z.object({
  MAX_CONTINUATIONS: digits(0, 5).default(5),
  IFLOW_BASE_URL: httpUrl().optional(),
  IFLOW_OAUTH_CLIENT_ID: secret().optional(),
  IFLOW_OAUTH_CLIENT_SECRET: secret().optional(),
  IFLOW_OAUTH_BASE_URL: httpUrl().optional(),
  ...accessVariables,
});
type Values = z.output<typeof variables>;

/** The Python proxy for iFlow. Its key is in its login file or in its settings file. */
export const iflow2api = defineProfile({
  variables,
  toSettings(values, machine) {
    const file = parseFile(
      settingsFileSchema,
      settingsFileName,
      machine.read(join(machine.home, '.iflow/settings.json')),
    );
    if ('problems' in file) return file;
    const access = accessOf(machine, file.content, values);
    if ('problems' in access) return access;
    const { warnings, keyFile, ...upstream } = access;
    const fileUrl = file.content.baseUrl ?? file.content.base_url;
    const more = { auto_continue: values.MAX_CONTINUATIONS, compress_context: { rounds: 10 } };
    const toModel = (id: string, model: string) => ({ id, targets: [{ upstream: 'iflow', model }], ...more });
    return {
      settings: {
        ...listen(values, { port: 8000, checkedNoKeys: true }),
        upstreams: [
          {
            id: 'iflow',
            type: 'iflow',
            base_url: values.IFLOW_BASE_URL ?? fileUrl ?? 'https://apis.iflow.cn/v1',
            ...upstream,
          },
        ],
        models: [
          ...models.map((id) => toModel(id, id)),
          ...Object.entries(aliases).map(([id, model]) => toModel(id, model)),
        ],
        retry: { mode: 'linear' },
        timeouts: patientTimeouts,
      },
      warnings,
      names: {
        settings: {
          'upstreams[0].base_url': `${settingsFileName}, baseUrl`,
          'upstreams[0].credentials[0].api_key': `${keyFile}, apiKey`,
        },
        tokens: `the login in ${loginFileName} is renewed, and Redis holds its access tokens encrypted with it`,
      },
    };
  },
});

interface Access {
  /** Absent without a login and without a key. */
  readonly credentials?: readonly object[];
  readonly options?: object;
  /** The file of the key or the login. */
  readonly keyFile: string;
  readonly warnings: readonly string[];
}
interface Problems {
  readonly problems: readonly ConfigProblem[];
}

/** Returns the credentials. A login wins over a key. The gateway started without either too, and asked for a login. */
function accessOf({ home, read }: Machine, settings: SettingsFile, values: Values): Access | Problems {
  const path = join(home, '.iflow/oauth_creds.json');
  const login = read(path);
  const apiKey = settings.apiKey ?? settings.api_key ?? '';
  const { IFLOW_OAUTH_CLIENT_ID: id, IFLOW_OAUTH_CLIENT_SECRET: secretOfClient } = values;
  if (login === undefined && apiKey !== '') return keyAccess(apiKey);
  if (id === undefined && secretOfClient === undefined) return accessWithoutClient(login);
  if (id === undefined || secretOfClient === undefined) {
    const missing = id === undefined ? 'IFLOW_OAUTH_CLIENT_ID' : 'IFLOW_OAUTH_CLIENT_SECRET';
    return { problems: [{ path: missing, message: `is missing; a login is renewed with both. ${whereClientIs}` }] };
  }
  const { IFLOW_OAUTH_BASE_URL: baseUrl } = values;
  return {
    credentials: [{ id: 'login', oauth_file: path }],
    options: {
      oauth_client_id: id,
      oauth_client_secret: secretOfClient,
      ...(baseUrl === undefined ? {} : { oauth_base_url: baseUrl }),
    },
    keyFile: loginFileName,
    warnings: [],
  };
}

const { whereClientIs = '' } = catalogue.iflow.login ?? {};

function keyAccess(apiKey: string): Access | Problems {
  const fault = exampleFault(apiKey);
  if (fault !== undefined) return { problems: [{ path: `${settingsFileName}, apiKey`, message: fault }] };
  return { credentials: [{ id: 'key', api_key: apiKey }], keyFile: settingsFileName, warnings: [] };
}

const either = `log in with \`npm run login -- iflow\`, or give apiKey in ${settingsFileName}`;

/** Returns the access without an OAuth client. A login file holds a current key, which is usable until it expires. */
function accessWithoutClient(login: string | undefined): Access | Problems {
  if (login === undefined) {
    const warning = `${loginFileName} is missing, so requests are sent to iFlow without a key and refused; ${either}, and start again`;
    return { keyFile: settingsFileName, warnings: [warning] };
  }
  const file = parseFile(loginFileSchema, loginFileName, login);
  if ('problems' in file) return file;
  const apiKey = file.content.apiKey ?? file.content.api_key ?? '';
  if (apiKey !== '') {
    const warning = `the login in ${loginFileName} is used but not renewed, because IFLOW_OAUTH_CLIENT_ID and IFLOW_OAUTH_CLIENT_SECRET are not set. ${whereClientIs}`;
    return { credentials: [{ id: 'login', api_key: apiKey }], keyFile: loginFileName, warnings: [warning] };
  }
  const message = `has no apiKey, so that it must be renewed first; ${either}`;
  return { problems: [{ path: loginFileName, message }] };
}

/** Parses a file. A missing file is valid and empty; an invalid file is a problem. */
function parseFile<Schema extends z.ZodObject>(
  schema: Schema,
  name: string,
  text: string | undefined,
): { readonly content: z.output<Schema> } | Problems {
  if (text === undefined) return { content: schema.parse({}) };
  const wanted = 'a JSON object in which keys and URLs are texts';
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return { content: parsed.data };
  } catch {
    return { problems: [{ path: name, message: `is not JSON; it must be ${wanted}` }] };
  }
  return { problems: [{ path: name, message: `must be ${wanted}` }] };
}
