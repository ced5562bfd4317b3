import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GatewayError } from '@sluice/protocol';
import { findObservation, setPrincipal } from '../context.ts';
import type { KnownKey } from '../keys/known-key.ts';
import type { KnownKeys } from '../keys/known-keys.ts';
import type { OidcIdentities } from '../oidc/oidc-identities.ts';
import type { TokenBuckets } from './token-buckets.ts';

/** Returns a check for the key of an administrator in a request. Such a key is never anonymous. */
export function adminCheck(keys: Pick<KnownKeys, 'find'>): (request: Request) => boolean {
  return (request) => {
    const secret = keyOf(request);
    const key = secret === undefined ? undefined : keys.find(secret);
    return key?.isAdmin === true && refusalOf(key, request) === undefined;
  };
}

/** Lets only administrators pass; the error names the required key. */
export function requireAdmin(
  isAdmin: (request: Request) => boolean,
  keys: Pick<KnownKeys, 'find' | 'isComplete'>,
): RequestHandler {
  return (request, _response, next) => {
    if (isAdmin(request)) return next();
    const secret = keyOf(request);
    if (secret === undefined) throw new GatewayError('invalid_api_key');
    throw !keys.isComplete() && keys.find(secret) === undefined ? keysUnread() : new GatewayError('admin_key_required');
  };
}

/** A client must not take its key for a wrong one because this process has just started and has not seen it yet. */
const keysUnread = (): GatewayError =>
  new GatewayError('records_unavailable', {
    message: 'This replica has not read the API keys of the database yet, so it can not check this one.',
    retryAfterMs: 1000,
  });

export interface AuthenticateNeeds {
  readonly keys: KnownKeys;
  /** Tokens of OIDC issuers. */
  readonly tokens: Pick<OidcIdentities, 'find' | 'isToken' | 'verify'>;
  /** A bucket for each address, from which each request without a valid key takes a token. */
  readonly wrongKeys: TokenBuckets;
}

/**
 * Identifies the client by `Authorization: Bearer KEY` or `x-api-key: KEY`. KEY may be the token of an OIDC issuer. A client
 * without a valid key uses the anonymous key of the configuration, if there is one that allows it.
 */
export function authenticate({ keys, tokens, wrongKeys }: AuthenticateNeeds): RequestHandler {
  const { anonymous } = keys;

  /** Sets the client of the request, or throws the error for it. */
  function decide(request: Request, response: Response, found: KnownKey | GatewayError | undefined): void {
    const mayBeAnonymous = anonymous?.takesWrongKeys === true || keyOf(request) === undefined;
    const known = found instanceof GatewayError ? undefined : found;
    const key = known ?? (mayBeAnonymous ? anonymous?.key : undefined);
    const refusal = key === undefined ? (found instanceof GatewayError ? found : undefined) : refusalOf(key, request);
    if (key === undefined || refusal !== undefined) {
      const mayBeKnownSoon = keyOf(request) !== undefined && !keys.isComplete();
      refuse(request, response, refusal ?? (mayBeKnownSoon ? keysUnread() : new GatewayError('invalid_api_key')));
    } else {
      setPrincipal(response, key.principal);
      findObservation(response)?.principal(key.principal);
    }
  }

  function refuse(request: Request, response: Response, refusal: GatewayError): never {
    const address = networkOf(request.ip);
    if (wrongKeys.isEmpty(address)) {
      response.setHeader('connection', 'close');
      findObservation(response)?.unlogged();
      throw new GatewayError('rate_limit_exceeded', {
        message: 'Too many requests without a valid API key came from this address. Send a valid key.',
        retryAfterMs: wrongKeys.waitMs(address),
        retryable: false,
      });
    }
    if (refusal.status < 500) wrongKeys.take(address, 1);
    throw refusal;
  }

  /** Verifies a token. An address that keeps sending wrong ones costs no signature. */
  async function verified(token: string, request: Request): Promise<KnownKey | GatewayError | undefined> {
    if (wrongKeys.isEmpty(networkOf(request.ip))) return undefined;
    try {
      return await tokens.verify(token);
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  }

  async function decideLater(token: string, { request, response, next }: Passing): Promise<void> {
    decide(request, response, await verified(token, request));
    next();
  }

  return (request, response, next) => {
    const secret = keyOf(request);
    const found = secret === undefined ? undefined : (keys.find(secret) ?? tokens.find(secret));
    if (found === undefined && secret !== undefined && tokens.isToken(secret)) {
      return decideLater(secret, { request, response, next });
    }
    decide(request, response, found);
    next();
  };
}

interface Passing {
  readonly request: Request;
  readonly response: Response;
  readonly next: NextFunction;
}

/** Returns the error of a key that must not be used, or not from this address. */
function refusalOf(key: KnownKey, request: Request): GatewayError | undefined {
  if (key.isRevoked) return new GatewayError('key_revoked');
  if (key.expiresAt <= Date.now()) {
    const since = new Date(key.expiresAt).toISOString();
    return new GatewayError('key_expired', { message: `This API key has expired: it was valid until ${since}.` });
  }
  if (key.lacksTeam) return new GatewayError('key_without_team');
  if (key.addresses?.(request.ip) === false) {
    return new GatewayError('address_not_allowed', {
      message: `This API key may not be used from the address ${request.ip ?? 'of this request'}.`,
    });
  }
  return undefined;
}

/** Returns the secret that a request carries. */
export function keyOf(request: Request): string | undefined {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(request.get('authorization') ?? '') ?? [];
  return bearer ?? request.get('x-api-key');
}

/** Returns the /64 network of an IPv6 address, because one machine can use the whole network; an IPv4 address as it is. */
export function networkOf(address = ''): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [front = '', back = ''] = address.split('::');
  const groups = front.split(':').filter((group) => group !== '');
  const missing = address.includes('::')
    ? 8 - groups.length - back.split(':').filter((group) => group !== '').length
    : 0;
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...back.split(':')].slice(0, 4).join(':');
}
