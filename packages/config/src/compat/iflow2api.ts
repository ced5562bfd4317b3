import { join } from 'node:path';
import { z } from 'zod';
import { defineProfile, type HomeFiles } from './profile.ts';
import { digits } from './variable-types.ts';

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

/** The Python proxy for iFlow. Its key comes from its login or from its settings file. */
export const iflow2api = defineProfile({
  variables: z.object({ MAX_CONTINUATIONS: digits(1).default(5) }),
  toSettings({ MAX_CONTINUATIONS }, files) {
    const { baseUrl, credential } = accessOf(files);
    const more = { auto_continue: MAX_CONTINUATIONS, compress_context: { rounds: 10 } };
    return {
      settings: {
        server: { port: 8000 },
        upstreams: [{ id: 'iflow', type: 'iflow', base_url: baseUrl, credentials: [credential] }],
        models: [
          ...models.map((id) => ({ id, targets: [{ upstream: 'iflow', model: id }], ...more })),
          ...Object.entries(aliases).map(([id, model]) => ({ id, targets: [{ upstream: 'iflow', model }], ...more })),
        ],
        retry: { mode: 'linear' },
      },
      warnings: ['iFlow closed its service on 2026-04-17; its upstream will answer only if you run one yourself'],
    };
  },
});

const usualBaseUrl = 'https://apis.iflow.cn/v1';

function accessOf({ home, read }: HomeFiles): { readonly baseUrl: string; readonly credential: object } {
  const loginFile = join(home, '.iflow/oauth_creds.json');
  const settings = parseSettingsFile(read(join(home, '.iflow/settings.json')));
  const baseUrl = settings.baseUrl ?? settings.base_url ?? usualBaseUrl;
  const apiKey = settings.apiKey ?? settings.api_key;
  if (read(loginFile) !== undefined || apiKey === undefined || apiKey === '') {
    return { baseUrl, credential: { id: 'login', oauth_file: loginFile } };
  }
  return { baseUrl, credential: { id: 'key', api_key: apiKey } };
}

function parseSettingsFile(text: string | undefined): z.output<typeof settingsFileSchema> {
  if (text === undefined) return {};
  try {
    return settingsFileSchema.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}
