/** Knowledge of Z.ai's web pages that both of their proxies share. */

export interface ZaiWebAccess {
  readonly baseUrl: string;
  readonly token: string | undefined;
  readonly mayBeAnonymous: boolean;
  /** Tokens that are fetched can be kept. */
  readonly hasSecretKey: boolean;
}

/** Published in the pages' own script, like the version that signs with it. */
const signing = { signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%', signing_variant: 'v2' } as const;

/** The upstream: the given token first, tokens for anybody beside it. */
export function zaiWebUpstream(access: ZaiWebAccess): Readonly<Record<string, unknown>> {
  const { baseUrl, token } = access;
  const mayBeAnonymous = access.mayBeAnonymous && !lacksSecretKey(access);
  return {
    id: 'zai-web',
    type: 'zai-web',
    base_url: baseUrl,
    options: { ...signing, zai_web_guests: mayBeAnonymous },
    credentials: [
      ...(token === undefined ? [] : [{ id: 'token', api_key: token }]),
      ...(mayBeAnonymous ? [{ id: 'anonymous', anonymous: true }] : []),
    ],
  };
}

type Wish = Pick<ZaiWebAccess, 'token' | 'mayBeAnonymous' | 'hasSecretKey'>;

/** A user with their own token can do without the others, for which a secret would be needed. */
const lacksSecretKey = ({ token, mayBeAnonymous, hasSecretKey }: Wish): boolean =>
  mayBeAnonymous && !hasSecretKey && token !== undefined;

export const warningsAbout = (wish: Wish): readonly string[] =>
  lacksSecretKey(wish)
    ? ['ANON_TOKEN_ENABLED has no effect without SLUICE_SECRET_KEY, with which fetched tokens are kept encrypted']
    : [];

/** Names differ from the upstream's in case alone: clients may write them either way. */
export const modelsAt = (upstream: string, names: readonly string[], more: object = {}): readonly object[] =>
  names.map((id) => ({ id, targets: [{ upstream, model: id }], ...more }));
