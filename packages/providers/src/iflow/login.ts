import type { Login, LoginResult } from '../login.ts';
import { iflowEntry } from './entry.ts';
import { askForGrant, fetchKey } from './oauth.ts';
import { usualLifeSeconds } from './tokens.ts';

/** iFlow's login with a browser. */
export const login: Login = {
  ...iflowEntry.login,

  // iFlow names the callback `redirect`, OAuth `redirect_uri`.
  authorizeUrl({ id, baseUrl, redirectUri }, state) {
    const query = new URLSearchParams({
      loginMethod: 'phone',
      type: 'phone',
      redirect: redirectUri,
      state,
      client_id: id,
    });
    return `${baseUrl}/oauth?${query.toString()}`;
  },

  *exchange(code, client, nowMs): ReturnType<Login['exchange']> {
    const { redirectUri } = client;
    const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
    const granted = yield* askForGrant(client, fields);
    if (granted.kind === 'failed') return granted;
    const { accessToken, grant } = granted;
    const found = yield* fetchKey(client, accessToken);
    if (found.kind === 'failed') return found;
    const file = {
      access_token: accessToken,
      refresh_token: grant.refresh_token ?? undefined,
      expiry_date: nowMs + (grant.expires_in ?? usualLifeSeconds) * 1000,
      token_type: grant.token_type ?? undefined,
      scope: grant.scope ?? undefined,
      apiKey: found.apiKey,
    };
    const result: LoginResult = {
      kind: 'done',
      fileText: `${JSON.stringify(file, null, 2)}\n`,
      account: found.account,
    };
    return result;
  },
};
