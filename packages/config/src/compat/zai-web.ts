/** What both proxies of Z.ai's web pages know of it. */

export interface ZaiWebAccess {
  readonly baseUrl: string;
  readonly token: string | undefined;
  readonly mayBeAnonymous: boolean;
}

/** Published in the pages' own script, like the version that signs with it. */
const signing = { signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%', signing_variant: 'v2' } as const;

/** The upstream: the given token first, tokens for anybody beside it. */
export function zaiWebUpstream({ baseUrl, token, mayBeAnonymous }: ZaiWebAccess): Readonly<Record<string, unknown>> {
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

/** Names differ from the upstream's in case alone: clients may write them either way. */
export const modelsAt = (upstream: string, names: readonly string[], more: object = {}): readonly object[] =>
  names.map((id) => ({ id, targets: [{ upstream, model: id }], ...more }));
