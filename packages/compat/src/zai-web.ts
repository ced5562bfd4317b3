/** Facts about Z.ai that both of its proxies share. */
import type { ConfigProblem, ProfileNames } from '@sluice/config';
import { httpUrl, secret, trueOrFalse } from './variable-types.ts';

/** Variables of both proxies. Sluice adds the `ZAI_…` for the official API, which supports tools. */
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

/** Key and variant of the signature; both are published in the web page's script. */
const signing = { signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%', signing_variant: 'v2' } as const;

export interface ZaiRouting {
  readonly upstreams: readonly object[];
  readonly models: readonly object[];
}

/**
 * Returns upstreams and models: the official API first, if it has a key, then the web page, with the configured token
 * and with access tokens of guests.
 *
 * @param models models for clients; their ids differ from the upstream's in case only
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
    'is missing, and ANON_TOKEN_ENABLED=false; give a token of chat.z.ai, or a key of the official API in ZAI_API_KEY, or use tokens of guests with ANON_TOKEN_ENABLED=true',
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

/** Returns whether guests are left out: their tokens can't be encrypted, and another token or key is configured. */
const lacksSecretKey = ({ UPSTREAM_TOKEN, ZAI_API_KEY, ANON_TOKEN_ENABLED }: ZaiValues, hasSecretKey: boolean) =>
  ANON_TOKEN_ENABLED && !hasSecretKey && (UPSTREAM_TOKEN !== undefined || ZAI_API_KEY !== undefined);

export function zaiWarnings(values: ZaiValues, hasSecretKey: boolean): string[] {
  return [
    ...(lacksSecretKey(values, hasSecretKey)
      ? ['ANON_TOKEN_ENABLED has no effect without SLUICE_SECRET_KEY, which encrypts the fetched access tokens']
      : []),
    ...(values.ZAI_API_KEY === undefined
      ? [
          'chat.z.ai requires captchas since May 2026, which Sluice does not solve, and does not support tools; with a key of the official API in ZAI_API_KEY the same models answer, tools included',
        ]
      : []),
  ];
}

export const zaiNames: ProfileNames = {
  settings: {},
  tokens: 'ANON_TOKEN_ENABLED (default true) fetches access tokens of guests, which Redis holds encrypted with it',
};
