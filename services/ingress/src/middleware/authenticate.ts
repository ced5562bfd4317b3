import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { GatewayError } from '@sluice/protocol';
import { findObservation, setPrincipal } from '../context.ts';
import type { KeyService } from '../keys/key-service.ts';
import type { KnownKey } from '../keys/known-key.ts';
import type { KnownKeys } from '../keys/known-keys.ts';
import type { OidcIdentities } from '../oidc/oidc-identities.ts';
import { isExhausted, refuseKey } from './refuse-key.ts';
import type { TokenBuckets } from './token-buckets.ts';

/** Returns a check for the key of an administrator in a request. Such a key is never anonymous. */
export function adminCheck(keys: Pick<KnownKeys, 'find'>): (request: Request) => boolean {
  return (request) => {
    const secret = keyOf(request);
    const key = secret === undefined ? undefined : keys.find(secret);
    return key?.isAdmin === true && refusalOf(key, request) === undefined;
  };
}

export interface RequireAdminNeeds {
  readonly keys: Pick<KnownKeys, 'find' | 'isComplete'>;
  /** As in `AuthenticateNeeds`. */
  readonly wrongKeys: TokenBuckets;
  readonly untilCompared: KeyService['untilCompared'];
}

/** Lets only administrators pass; the error names the required key. */
export function requireAdmin({ keys, wrongKeys, untilCompared }: RequireAdminNeeds): RequestHandler {
  const isAdmin = adminCheck(keys);

  function decide(request: Request, response: Response, secret: string | undefined): void {
    if (isAdmin(request)) return;
    const key = secret === undefined ? undefined : keys.find(secret);
    // The valid key of a client does not count as a wrong one.
    if (key !== undefined && refusalOf(key, request) === undefined) throw new GatewayError('admin_key_required');
    const isUnread = key === undefined && !keys.isComplete();
    refuseKey({
      request,
      response,
      wrongKeys,
      refusal:
        secret === undefined
          ? new GatewayError('invalid_api_key')
          : isUnread
            ? keysUnread()
            : new GatewayError('admin_key_required'),
    });
  }

  async function decideLater(comparing: Promise<void>, { request, response, next }: Passing): Promise<void> {
    await comparing;
    decide(request, response, keyOf(request));
    next();
  }

  return (request, response, next) => {
    const secret = keyOf(request);
    const isUnknown = secret !== undefined && keys.find(secret) === undefined;
    const comparing = isUnknown && !isExhausted(wrongKeys, request) ? untilCompared() : undefined;
    if (comparing !== undefined) return decideLater(comparing, { request, response, next });
    decide(request, response, secret);
    next();
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
  /** A key that is not known yet may be one of the database: see `KeyService`. */
  readonly untilCompared: KeyService['untilCompared'];
}

/**
 * Identifies the client by `Authorization: Bearer KEY` or `x-api-key: KEY`. KEY may be the token of an OIDC issuer. A client
 * without a valid key uses the anonymous key of the configuration, if there is one that allows it.
 */
export function authenticate({ keys, tokens, wrongKeys, untilCompared }: AuthenticateNeeds): RequestHandler {
  const { anonymous } = keys;

  /** Sets the client of the request, or throws the error for it. */
  function decide(request: Request, response: Response, found: KnownKey | GatewayError | undefined): void {
    const mayBeAnonymous = anonymous?.takesWrongKeys === true || keyOf(request) === undefined;
    const known = found instanceof GatewayError ? undefined : found;
    const key = known ?? (mayBeAnonymous ? anonymous?.key : undefined);
    const refusal = key === undefined ? (found instanceof GatewayError ? found : undefined) : refusalOf(key, request);
    if (key === undefined || refusal !== undefined) {
      const mayBeKnownSoon = keyOf(request) !== undefined && !keys.isComplete();
      const wrong = mayBeKnownSoon ? keysUnread() : new GatewayError('invalid_api_key');
      refuseKey({ request, response, wrongKeys, refusal: refusal ?? wrong });
    } else {
      setPrincipal(response, key.principal);
      findObservation(response)?.principal(key.principal);
    }
  }

  /** Verifies a token. An address that keeps sending wrong ones costs no signature. */
  async function verified(token: string, request: Request): Promise<KnownKey | GatewayError | undefined> {
    if (isExhausted(wrongKeys, request)) return undefined;
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

  async function decideAfter(comparing: Promise<void>, secret: string, passing: Passing): Promise<void> {
    await comparing;
    decide(passing.request, passing.response, keys.find(secret));
    passing.next();
  }

  return (request, response, next) => {
    const secret = keyOf(request);
    const found = secret === undefined ? undefined : (keys.find(secret) ?? tokens.find(secret));
    if (found === undefined && secret !== undefined) {
      if (tokens.isToken(secret)) return decideLater(secret, { request, response, next });
      const comparing = isExhausted(wrongKeys, request) ? undefined : untilCompared();
      if (comparing !== undefined) return decideAfter(comparing, secret, { request, response, next });
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
