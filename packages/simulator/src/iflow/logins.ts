/**
 * Accounts of iFlow's login server. A login is a name; everything issued for it contains the name and a count:
 * `rt-ann`, after a renewal `rt-ann.1`; with it `at-ann.1`, and the key `sk-sim-ann.1`. Words in the name select a
 * behaviour; a suffix `-1` limits it to one time:
 *
 * | word     | behaviour                                               |
 * |----------|---------------------------------------------------------|
 * | `crowd`  | the token endpoint refuses, with status 200             |
 * | `hang`   | the token endpoint does not answer                      |
 * | `keep`   | a renewal gives no new refresh token                    |
 * | `nokey`  | the account has no API key                              |
 * | `short`  | a grant is valid for an hour                            |
 */
export interface Logins {
  /** Returns undefined if iFlow refuses. */
  grant(form: URLSearchParams): object | 'silence' | undefined;
  userInfo(accessToken: string): object;
  /** Returns whether iFlow has issued this key and no longer accepts it. */
  hasEnded(key: string): boolean;
  clear(): void;
}

interface Login {
  renewals: number;
  readonly said: Map<string, number>;
}

const usualLifeSeconds = 172_800;
const shortLifeSeconds = 3600;

export function createLogins(): Logins {
  const logins = new Map<string, Login>();

  function loginOf(name: string): Login {
    let login = logins.get(name);
    if (login === undefined) logins.set(name, (login = { renewals: 0, said: new Map() }));
    return login;
  }

  /** Returns whether the name contains the word and its count is not used up. */
  function applies(name: string, word: string): boolean {
    const [, count = 'Infinity'] = new RegExp(`\\b${word}\\b(?:-(\\d+))?`).exec(name) ?? [undefined, '0'];
    const { said } = loginOf(name);
    const times = said.get(word) ?? 0;
    said.set(word, times + 1);
    return times < Number(count);
  }

  /** Returns the name in `rt-ann.1`, if that is the newest refresh token. */
  function renewed(refreshToken: string): string | undefined {
    const [, name, count = '0'] = /^rt-([\w-]+)(?:\.(\d+))?$/.exec(refreshToken) ?? [];
    if (name === undefined) return undefined;
    const isNewest = Number(count) === loginOf(name).renewals || /\bkeep\b/.test(name);
    return isNewest ? name : undefined;
  }

  return {
    grant(form) {
      const isRenewal = form.get('grant_type') === 'refresh_token';
      const name = isRenewal
        ? renewed(form.get('refresh_token') ?? '')
        : /^code-([\w-]+)$/.exec(form.get('code') ?? '')?.[1];
      if (name === undefined || applies(name, 'crowd')) return undefined;
      if (applies(name, 'hang')) return 'silence';
      const login = loginOf(name);
      if (isRenewal) login.renewals += 1;
      const { renewals } = login;
      return {
        access_token: `at-${name}.${renewals}`,
        ...(isRenewal && /\bkeep\b/.test(name) ? {} : { refresh_token: `rt-${name}.${renewals}` }),
        token_type: 'bearer',
        scope: 'read',
        expires_in: /\bshort\b/.test(name) ? shortLifeSeconds : usualLifeSeconds,
      };
    },
    userInfo(accessToken) {
      const [, name, count] = /^at-([\w-]+)\.(\d+)$/.exec(accessToken) ?? [];
      if (name === undefined || count === undefined) return { success: false, code: '401', data: null };
      const apiKey = applies(name, 'nokey') ? {} : { apiKey: `sk-sim-${name}.${count}` };
      return { success: true, data: { ...apiKey, email: '', phone: '138****0000' } };
    },
    hasEnded(key) {
      const [, name, count] = /^sk-sim-([\w-]+)\.(\w+)$/.exec(key) ?? [];
      return name !== undefined && Number(count) !== loginOf(name).renewals;
    },
    clear: () => logins.clear(),
  };
}
