import type { UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import { kindOfStatus } from '../http/status-kind.ts';
import { parseText } from '../parse-text.ts';
import type { PreparationStep, StepAnswer } from '../preparation.ts';
import { type Grant, grantSchema, userInfoSchema } from './wire.ts';

/** OAuth client at iFlow's server, and the server's address. */
export interface OAuthClient {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
  /** Base URL without a trailing slash. */
  readonly baseUrl: string;
}

export type Granted =
  | { readonly kind: 'granted'; readonly accessToken: string; readonly grant: Grant }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

export type FoundKey =
  | { readonly kind: 'key'; readonly apiKey: string; readonly account: string | undefined }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

export const loginAgain = 'log in again with `npm run login -- iflow`';

/**
 * Total number of tries. An expired refresh token and an overload have the same message, so that further tries would
 * not help.
 */
const mostTries = 3;
const betweenTriesMs = 1000;
const messageLength = 200;

/** Requests a grant. iFlow also refuses with status 200. */
export function* askForGrant(
  client: OAuthClient,
  fields: Readonly<Record<string, string>>,
): Generator<PreparationStep, Granted, StepAnswer> {
  const request = grantRequest(client, fields);
  for (let tries = 1; ; tries++) {
    const { head, text } = yield { kind: 'call', request };
    const grant = parseText(grantSchema, text);
    if (isSuccess(head.status) && grant?.access_token != null) {
      return { kind: 'granted', accessToken: grant.access_token, grant };
    }
    const failure = refusal(head.status, grant);
    const mayPass = failure.kind !== 'authentication' || isSuccess(head.status);
    if (!mayPass || tries === mostTries) return { kind: 'failed', failure };
    yield { kind: 'wait', ms: betweenTriesMs };
  }
}

/** Requests the API key, which may change with each renewal. */
export function* fetchKey(
  { baseUrl }: OAuthClient,
  accessToken: string,
): Generator<PreparationStep, FoundKey, StepAnswer> {
  // The access token is in the query: neither this URL nor an answer that may repeat it is logged or passed on.
  const url = `${baseUrl}/api/oauth/getUserInfo?accessToken=${encodeURIComponent(accessToken)}`;
  const request: UpstreamRequest = { method: 'GET', url, headers: { accept: 'application/json' }, body: undefined };
  for (let tries = 1; ; tries++) {
    const { head, text } = yield { kind: 'call', request };
    const info = parseText(userInfoSchema, text)?.data;
    if (isSuccess(head.status) && info?.apiKey != null) {
      return { kind: 'key', apiKey: info.apiKey, account: info.email || info.phone || undefined };
    }
    if (tries === mostTries)
      return { kind: 'failed', failure: { kind: 'server', message: noKey, status: head.status } };
    yield { kind: 'wait', ms: betweenTriesMs };
  }
}

const noKey = 'iFlow did not return the API key of this login.';

function grantRequest({ id, secret, baseUrl }: OAuthClient, fields: Readonly<Record<string, string>>): UpstreamRequest {
  return {
    method: 'POST',
    url: `${baseUrl}/oauth/token`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      authorization: `Basic ${basicCredentials({ id, secret })}`,
    },
    body: new URLSearchParams({ ...fields, client_id: id, client_secret: secret }).toString(),
  };
}

/** Returns the credentials in the form of a basic authorization header. */
export const basicCredentials = ({ id, secret }: Pick<OAuthClient, 'id' | 'secret'>): string =>
  Buffer.from(`${id}:${secret}`).toString('base64');

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

function refusal(status: number, grant: Grant | undefined): UpstreamFailure {
  const said = (grant?.error_description ?? grant?.message)?.slice(0, messageLength);
  const words = said === undefined ? '' : ` It said: ${said}`;
  const byStatus = kindOfStatus(status);
  const mayPass = !isSuccess(status) && (status >= 500 || byStatus === 'rate_limit' || byStatus === 'server');
  return mayPass
    ? { kind: 'server', message: `iFlow's login server failed.${words}`, status }
    : { kind: 'authentication', message: `iFlow refuses this login: ${loginAgain}.${words}`, status };
}
