import { join } from 'node:path';
import { z } from 'zod';
import type { ConfigProblem } from '../config-error.ts';
import { defineProfile, type Machine } from './profile.ts';
import { patientTimeouts } from './time-outs.ts';
import { digits, secret } from './variable-types.ts';

/** The service had no list of its models to ask for; these are what its clients knew. */
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
/** As people call it. */
const aliases = { 'qwen3-235b-a22b-thinking': 'qwen3-235b-a22b-thinking-2507' } as const;

const settingsFileSchema = z.looseObject({
  apiKey: z.string().optional(),
  api_key: z.string().optional(),
  baseUrl: z.string().optional(),
  base_url: z.string().optional(),
});

type SettingsFile = z.output<typeof settingsFileSchema>;

/** The Python proxy for iFlow. Its key comes from its login or from its settings file. */
export const iflow2api = defineProfile({
  variables: z.object({
    MAX_CONTINUATIONS: digits(1, 5).default(5),
    IFLOW_OAUTH_CLIENT_ID: secret().optional(),
    IFLOW_OAUTH_CLIENT_SECRET: secret().optional(),
  }),
  toSettings({ MAX_CONTINUATIONS, ...client }, machine) {
    const settingsFile = parseSettingsFile(machine.read(join(machine.home, '.iflow/settings.json')));
    const more = { auto_continue: MAX_CONTINUATIONS, compress_context: { rounds: 10 } };
    const access = accessOf(machine, settingsFile, client);
    if ('problems' in access) return access;
    return {
      settings: {
        server: { port: 8000 },
        upstreams: [
          {
            id: 'iflow',
            type: 'iflow',
            base_url: settingsFile.baseUrl ?? settingsFile.base_url ?? 'https://apis.iflow.cn/v1',
            ...access,
          },
        ],
        models: [
          ...models.map((id) => ({ id, targets: [{ upstream: 'iflow', model: id }], ...more })),
          ...Object.entries(aliases).map(([id, model]) => ({ id, targets: [{ upstream: 'iflow', model }], ...more })),
        ],
        retry: { mode: 'linear' },
        timeouts: patientTimeouts,
      },
      warnings: [],
    };
  },
});

interface OAuthClient {
  readonly IFLOW_OAUTH_CLIENT_ID?: string | undefined;
  readonly IFLOW_OAUTH_CLIENT_SECRET?: string | undefined;
}
type Access =
  | { readonly credentials: readonly object[]; readonly options?: object }
  | { readonly problems: ConfigProblem[] };

/** A login wins over a key; without either a login is what is missing. */
function accessOf({ home, read }: Machine, settings: SettingsFile, client: OAuthClient): Access {
  const loginFile = join(home, '.iflow/oauth_creds.json');
  const apiKey = settings.apiKey ?? settings.api_key ?? '';
  if (read(loginFile) === undefined && apiKey !== '') return { credentials: [{ id: 'key', api_key: apiKey }] };
  const { IFLOW_OAUTH_CLIENT_ID: clientId, IFLOW_OAUTH_CLIENT_SECRET: clientSecret } = client;
  if (clientId !== undefined && clientSecret !== undefined) {
    return {
      credentials: [{ id: 'login', oauth_file: loginFile }],
      options: { oauth_client_id: clientId, oauth_client_secret: clientSecret },
    };
  }
  const message = 'is missing; the login is renewed with it. Without a login, give `apiKey` in ~/.iflow/settings.json';
  return {
    problems: [{ path: clientId === undefined ? 'IFLOW_OAUTH_CLIENT_ID' : 'IFLOW_OAUTH_CLIENT_SECRET', message }],
  };
}

function parseSettingsFile(text: string | undefined): SettingsFile {
  if (text === undefined) return {};
  try {
    return settingsFileSchema.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}
