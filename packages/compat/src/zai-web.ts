/** Knowledge of Z.ai that both of its proxies share. */
import type { ConfigProblem, ProfileNames } from '@sluice/config';
import { httpUrl, secret, trueOrFalse } from './variable-types.ts';

/** Variables of both. The `ZAI_…` are Sluice's own: the way to the official API, which can call functions. */
export const zaiVariables = {
  UPSTREAM_URL: httpUrl().default('https://chat.z.ai/api/chat/completions'),
  UPSTREAM_TOKEN: secret().optional(),
  ANON_TOKEN_ENABLED: trueOrFalse().default(true),
  ZAI_API_KEY: secret().optional(),
  ZAI_BASE_URL: httpUrl().default('https://api.z.ai/api/paas/v4'),
} as const;

interface ZaiValues {
  readonly UPSTREAM_URL: string;
  readonly UPSTREAM_TOKEN?: string | undefined;
  readonly ANON_TOKEN_ENABLED: boolean;
  readonly ZAI_API_KEY?: string | undefined;
  readonly ZAI_BASE_URL: string;
}

/** Published in the pages' own script, like the version that signs with it. */
const signing = { signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%', signing_variant: 'v2' } as const;

export interface ZaiRouting {
  readonly upstreams: readonly object[];
  readonly models: readonly object[];
}

/**
 * The upstreams and what is served by them: the official API first if there is a key for it, then the web page, with
 * the given token and with tokens of guests.
 *
 * @param models differ from the upstream's in case alone: clients may write them either way
 */
export function zaiRouting(
  values: ZaiValues,
  hasSecretKey: boolean,
  models: readonly ({ readonly id: string } & object)[],
): ZaiRouting | { readonly problems: readonly ConfigProblem[] } {
  const web = webUpstreams(values, hasSecretKey);
  const official = officialUpstreams(values);
  const upstreams = [...official, ...web];
  if (upstreams.length === 0) return { problems: [noAccess] };
  const targets = upstreams.map(({ id }, at) => ({ upstream: id, priority: at + 1 }));
  return {
    upstreams,
    models: models.map((model) => ({
      ...model,
      targets: targets.map((target) => ({ ...target, model: model.id })),
    })),
  };
}

const noAccess: ConfigProblem = {
  path: 'UPSTREAM_TOKEN',
  message:
    'is missing, and ANON_TOKEN_ENABLED=false; give a token of chat.z.ai, or a key of the official API in ZAI_API_KEY, or let guests call with ANON_TOKEN_ENABLED=true',
};

function officialUpstreams({ ZAI_API_KEY: key, ZAI_BASE_URL: baseUrl }: ZaiValues) {
  if (key === undefined) return [];
  return [{ id: 'zai', type: 'zai', base_url: baseUrl, credentials: [{ id: 'key', api_key: key }] }];
}

function webUpstreams(values: ZaiValues, hasSecretKey: boolean) {
  const { UPSTREAM_TOKEN: token, UPSTREAM_URL: url } = values;
  const hasGuests = values.ANON_TOKEN_ENABLED && !lacksSecretKey(values, hasSecretKey);
  const credentials = [
    ...(token === undefined ? [] : [{ id: 'token', api_key: token }]),
    ...(hasGuests ? [{ id: 'anonymous', anonymous: true }] : []),
  ];
  if (credentials.length === 0) return [];
  const baseUrl = url.replace(/\/api\/(?:v2\/)?chat\/completions\/?$/, '');
  const options = { ...signing, zai_web_guests: hasGuests };
  return [{ id: 'zai-web', type: 'zai-web', base_url: baseUrl, options, credentials }];
}

/** Guests are left out if their tokens can't be sealed and there is a token or a key to call with instead. */
const lacksSecretKey = ({ UPSTREAM_TOKEN, ZAI_API_KEY, ANON_TOKEN_ENABLED }: ZaiValues, hasSecretKey: boolean) =>
  ANON_TOKEN_ENABLED && !hasSecretKey && (UPSTREAM_TOKEN !== undefined || ZAI_API_KEY !== undefined);

export function zaiWarnings(values: ZaiValues, hasSecretKey: boolean): string[] {
  return [
    ...(lacksSecretKey(values, hasSecretKey)
      ? ['ANON_TOKEN_ENABLED has no effect without SLUICE_SECRET_KEY, with which fetched tokens are kept encrypted']
      : []),
    ...(values.ZAI_API_KEY === undefined
      ? [
          'chat.z.ai has asked for captchas since May 2026, which Sluice never solves, and tools are refused there; with a key of the official API in ZAI_API_KEY the same models answer, tools included',
        ]
      : []),
  ];
}

export const zaiNames: ProfileNames = {
  settings: {},
  tokens: 'ANON_TOKEN_ENABLED, which is true unless set, fetches tokens of guests, which Redis holds encrypted with it',
};
