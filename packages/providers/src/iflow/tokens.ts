import { parseText } from '../parse-text.ts';
import type { ProviderToken, TokenPlan, TokenSource, TokenSteps } from '../token-source.ts';
import { askForGrant, basicCredentials, fetchKey, loginAgain, type OAuthClient } from './oauth.ts';
import { loginFileSchema } from './wire.ts';

const hourMs = 3_600_000;
/** Lifetime that iFlow's own tools assume if the grant states none, in s. */
export const usualLifeSeconds = 3600;

/** Provides the API key of a person's login. The key expires with the grant and is renewed 45 hours before that. */
export function createTokenSource(client: Partial<OAuthClient> & Pick<OAuthClient, 'baseUrl'>): TokenSource {
  const { id = '', secret = '', baseUrl } = client;
  return {
    renewBeforeMs: 45 * hourMs,
    unknownLifeMs: 24 * hourMs,
    obtain: (before, plan) => renew({ id, secret, baseUrl }, before, plan),
    readLogin,
    secrets: secret === '' ? [] : [secret, basicCredentials({ id, secret })],
  };
}

function* renew(client: OAuthClient, before: ProviderToken | undefined, { nowMs, keep }: TokenPlan): TokenSteps {
  if (before?.renewal === undefined) {
    const message = `There is no login to renew: ${loginAgain}.`;
    return { kind: 'failed', failure: { kind: 'authentication', message } };
  }
  const granted = yield* askForGrant(client, { grant_type: 'refresh_token', refresh_token: before.renewal });
  if (granted.kind === 'failed') return granted;
  const { accessToken, grant } = granted;
  const renewal = grant.refresh_token ?? before.renewal;
  keep(renewal);
  const found = yield* fetchKey(client, accessToken);
  if (found.kind === 'failed') return found;
  const expiresAtMs = nowMs + (grant.expires_in ?? usualLifeSeconds) * 1000;
  return { kind: 'token', token: { value: found.apiKey, expiresAtMs, renewal } };
}

/** Reads a login file of Sluice, iFlow's own tool, its settings or other gateways. */
function readLogin(text: string): ProviderToken | undefined {
  const file = parseText(loginFileSchema, text);
  if (file === undefined) return undefined;
  const value = file.apiKey || file.api_key || '';
  const renewal = file.refresh_token || undefined;
  if (value === '' && renewal === undefined) return undefined;
  return { value, expiresAtMs: value === '' ? 0 : readTime(file.expiry_date ?? file.expired), renewal };
}

/** Returns ms since 1970 for a number or digits, ISO 8601, or `YYYY-MM-DD HH:MM` in the time zone of this machine. */
function readTime(time: number | string | null | undefined): number | undefined {
  if (time == null || typeof time === 'number') return time ?? undefined;
  const at = /^\d+$/.test(time) ? Number(time) : Date.parse(time.trim().replace(' ', 'T'));
  return Number.isNaN(at) ? undefined : at;
}
