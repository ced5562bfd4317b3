import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { UpstreamConfig, UpstreamCredential } from '@sluice/config';
import type { ResponseHead, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import { type ProviderAdapter, providers } from '@sluice/providers';
import type { UpstreamClient } from '@sluice/upstream';
import type { CallClient } from '../../targets/upstream-clients.ts';
import { redactFailure } from '../../attempt/redact-failure.ts';
import { runSteps, type Steps } from '../../attempt/run-steps.ts';
import { toTokenCredential } from '../../credentials/token-credential.ts';
import { judgeClock } from '../clock.ts';
import { type Check, ok, problem, warning } from '../check.ts';
import { countModels, knock, modelsCall } from './free-call.ts';
import { judgeModels, judgeReached, judgeUnreached } from './judge-upstream.ts';

export interface UpstreamNeeds {
  /** The client of real calls, with its proxy, certificates and connections. */
  readonly client: UpstreamClient;
  readonly clientOf: (upstreamId: string) => CallClient;
  readonly maxBodyBytes: number;
}

const callMs = 10_000;
const obtainMs = 15_000;
/** Number of credentials tried per upstream; further ones are skipped. */
const mostCredentials = 20;
/** Tolerance for the header `Date`: it counts seconds, and caches send old ones. */
const tolerableMs = 30_000;

/** Checks the way to an upstream, and each of its credentials with a call that is free of charge. */
export async function askUpstream(needs: UpstreamNeeds, upstream: UpstreamConfig): Promise<Check[]> {
  const { id, type, options, baseUrl, credentials } = upstream;
  const adapter = providers[type].create(options, baseUrl);
  const about = `upstream ${id}`;
  const hasCa = upstream.tls.ca !== undefined;
  const requestFor = (credential: UpstreamCredential): UpstreamRequest | undefined =>
    modelsCall(adapter, baseUrl, credential.apiKey?.reveal());
  const [first, ...others] = credentials.slice(0, mostCredentials);
  const firstRequest = first?.tokens === undefined && first !== undefined ? requestFor(first) : undefined;
  const reply = await ask(needs, firstRequest ?? knock(baseUrl));
  const { place, isTls } = placeOf(baseUrl);
  if (reply.kind === 'failed') {
    const nameError = /name could not be resolved/.test(reply.failure.message)
      ? await errorOfName(new URL(baseUrl).hostname)
      : undefined;
    return [judgeUnreached({ about, place, failure: reply.failure, nameError, hasCa })];
  }
  const checks = [judgeReached(about, place, isTls), ...clockOf(about, reply.head)];
  const judge = (credential: UpstreamCredential, { head, text }: Answer): Check =>
    judgeAnswer(adapter, { about: `${about}, credential ${credential.id}`, head, text, credential });
  if (first !== undefined) {
    checks.push(firstRequest === undefined ? await tryToken(needs, upstream, first) : judge(first, reply));
  }
  for (const credential of others) {
    const request = credential.tokens === undefined ? requestFor(credential) : undefined;
    if (request === undefined) checks.push(await tryToken(needs, upstream, credential));
    else {
      const other = await ask(needs, request);
      const where = `${about}, credential ${credential.id}`;
      checks.push(
        other.kind === 'failed'
          ? judgeUnreached({ about: where, place, failure: other.failure, nameError: undefined, hasCa })
          : judge(credential, other),
      );
    }
  }
  const untried = credentials.length - mostCredentials;
  if (untried > 0) checks.push({ ...ok('upstream.models', `${untried} more credentials were not tried.`), about });
  return checks;
}

interface Answer {
  readonly head: ResponseHead;
  readonly text: string;
}
type Reply = ({ readonly kind: 'answer' } & Answer) | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

async function ask({ client, maxBodyBytes }: UpstreamNeeds, request: UpstreamRequest): Promise<Reply> {
  const result = await runSteps<Answer | undefined>(once(request), {
    client,
    left: undefined,
    signal: new AbortController().signal,
    stepMs: callMs,
    remainingMs: callMs,
    maxBodyBytes,
  });
  if (result.kind === 'done' && result.result !== undefined) return { kind: 'answer', ...result.result };
  return { kind: 'failed', failure: result.kind === 'failed' ? result.failure : noAnswer };
}

const noAnswer: UpstreamFailure = { kind: 'timeout', message: 'The provider did not answer in time.' };

function* once(request: UpstreamRequest): Steps<Answer | undefined> {
  return yield { kind: 'call', request };
}

interface CredentialAnswer extends Answer {
  readonly about: string;
  readonly credential: UpstreamCredential;
}

function judgeAnswer(adapter: ProviderAdapter, { about, head, text, credential }: CredentialAnswer): Check {
  const key = credential.apiKey?.reveal();
  const isGood = head.status >= 200 && head.status < 300;
  const secrets = [...(adapter.secrets ?? []), ...(key === undefined ? [] : [key])];
  return judgeModels({
    about,
    status: head.status,
    failure: isGood ? undefined : redactFailure(adapter.toFailure(head, text), secrets),
    count: isGood ? countModels(adapter, text) : undefined,
    hasKey: key !== undefined,
  });
}

/** Checks a key for which there is no free call, or an access token. */
async function tryToken(
  needs: UpstreamNeeds,
  upstream: UpstreamConfig,
  credential: UpstreamCredential,
): Promise<Check> {
  const about = `upstream ${upstream.id}, credential ${credential.id}`;
  if (credential.tokens === undefined) {
    const text = 'This protocol has no call that is free of charge: the key was not tried.';
    return { ...ok('upstream.models', text), about };
  }
  const { type, options, baseUrl } = upstream;
  const source = providers[type].create(options, baseUrl).tokens;
  if (credential.tokens.kind === 'login') {
    const file = await readFile(credential.tokens.path, 'utf8').catch(() => undefined);
    return { ...judgeLogin(file === undefined ? undefined : source?.readLogin?.(file), Date.now()), about };
  }
  const token = source && toTokenCredential(needs, { upstream, credential, source });
  const result = await token?.obtain(undefined, Date.now(), obtainMs);
  if (result?.kind === 'token') {
    return { ...ok('upstream.token', 'The provider gives an access token without a login.'), about };
  }
  const said = result?.failure.message ?? 'it gives none';
  return {
    ...problem(
      'upstream.token',
      `The provider gives no token: ${said}`,
      'Give the upstream a credential with api_key: a firewall or a captcha keeps programs out.',
    ),
    about,
  };
}

/** Judges a login without renewing it: providers take each refresh token once, and workers keep the newest in Redis. */
export function judgeLogin(
  login: { readonly value: string; readonly expiresAtMs: number | undefined } | undefined,
  nowMs: number,
): Check {
  const id = 'upstream.token';
  if (login === undefined) {
    return problem(id, 'The file of the login is missing, or holds no login.', 'Run `npm run login`.');
  }
  const { expiresAtMs } = login;
  if (expiresAtMs === undefined || expiresAtMs > nowMs) {
    const until = expiresAtMs === undefined ? '' : `, until ${new Date(expiresAtMs).toISOString()}`;
    return ok(id, `The file of the login holds a token${until}; workers renew it and keep the newest in Redis.`);
  }
  return warning(
    id,
    'The token in the file of the login has ended; workers renew it, if they have not done so yet.',
    'If requests fail with 401, log in again: `npm run login`.',
  );
}

function clockOf(about: string, { headers, receivedAt }: ResponseHead): Check[] {
  const theirs = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(theirs)) return [];
  return [
    {
      ...judgeClock({ id: 'clock.upstream', whose: 'that of the provider', aheadMs: receivedAt - theirs, tolerableMs }),
      about,
    },
  ];
}

/**
 * Resolves a name without an address once more, to get the reason.
 *
 * @returns the system's error code
 */
async function errorOfName(host: string): Promise<string | undefined> {
  try {
    await lookup(host.replace(/^\[|\]$/g, ''));
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

function placeOf(baseUrl: string): { readonly place: string; readonly isTls: boolean } {
  const { hostname, port, protocol } = new URL(baseUrl);
  const isTls = protocol === 'https:';
  return { place: `${hostname}:${port === '' ? (isTls ? 443 : 80) : port}`, isTls };
}
