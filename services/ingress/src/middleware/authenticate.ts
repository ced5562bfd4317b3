import type { Request, RequestHandler } from 'express';
import { GatewayError } from '@sluice/protocol';
import { findObservation, setPrincipal } from '../context.ts';
import type { KnownKey } from '../keys/known-key.ts';
import type { KnownKeys } from '../keys/known-keys.ts';
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
export function requireAdmin(isAdmin: (request: Request) => boolean): RequestHandler {
  return (request, _response, next) => {
    if (!isAdmin(request)) {
      throw new GatewayError(keyOf(request) === undefined ? 'invalid_api_key' : 'admin_key_required');
    }
    next();
  };
}

export interface AuthenticateNeeds {
  readonly keys: KnownKeys;
  /** A bucket for each address, from which each request without a valid key takes a token. */
  readonly wrongKeys: TokenBuckets;
}

/**
 * Identifies the client by `Authorization: Bearer KEY` or `x-api-key: KEY`. A client without a valid key uses the
 * anonymous key of the configuration, if there is one that allows it.
 */
export function authenticate({ keys, wrongKeys }: AuthenticateNeeds): RequestHandler {
  const { anonymous } = keys;
  return (request, response, next) => {
    const secret = keyOf(request);
    const found = secret === undefined ? undefined : keys.find(secret);
    const mayBeAnonymous = anonymous?.takesWrongKeys === true || secret === undefined;
    const key = found ?? (mayBeAnonymous ? anonymous?.key : undefined);
    const refusal = key === undefined ? new GatewayError('invalid_api_key') : refusalOf(key, request);
    if (key === undefined || refusal !== undefined) {
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
      wrongKeys.take(address, 1);
      throw refusal ?? new GatewayError('invalid_api_key');
    }
    setPrincipal(response, key.principal);
    findObservation(response)?.principal(key.principal);
    next();
  };
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
