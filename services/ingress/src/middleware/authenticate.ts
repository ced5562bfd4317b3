import { hash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Config } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import { findObservation, type Principal, setPrincipal } from '../context.ts';
import type { TokenBuckets } from './token-buckets.ts';

/** The settings of a client key that a request needs. */
export type AcceptedKey = Pick<
  Config['keys'][number],
  'id' | 'digest' | 'name' | 'hint' | 'anonymous' | 'admin' | 'models' | 'limits' | 'weight' | 'thinking'
>;

interface KnownKey {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Returns a check for the key of an administrator in a request. Such a key is never anonymous. */
export function adminCheck(keys: readonly AcceptedKey[]): (request: Request) => boolean {
  const known = new Map(keys.filter(({ admin }) => admin).map((key) => [key.id, toKnown(key)]));
  return (request) => identify(known, keyOf(request)) !== undefined;
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

/**
 * Identifies the client by `Authorization: Bearer KEY` or `x-api-key: KEY`. The configuration holds only the SHA-256 of
 * a key: its first 8 bytes find the key, and the whole is compared in constant time. A client without a valid key uses
 * the anonymous key of the configuration, if there is one that allows it.
 * @param wrongKeys a bucket for each address, from which each request without a valid key takes a token
 */
export function authenticate(keys: readonly AcceptedKey[], wrongKeys: TokenBuckets): RequestHandler {
  const known = new Map(keys.map((key) => [key.id, toKnown(key)]));
  const anonymous = keys.find((key) => key.anonymous !== undefined);
  const anonymousPrincipal = anonymous === undefined ? undefined : toKnown(anonymous).principal;
  return (request, response, next) => {
    const key = keyOf(request);
    const mayBeAnonymous = anonymous?.anonymous === 'any_key' || key === undefined;
    const principal = identify(known, key) ?? (mayBeAnonymous ? anonymousPrincipal : undefined);
    if (principal === undefined) {
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
      throw new GatewayError('invalid_api_key');
    }
    setPrincipal(response, principal);
    findObservation(response)?.principal(principal);
    next();
  };
}

function identify(known: ReadonlyMap<string, KnownKey>, key: string | undefined): Principal | undefined {
  if (key === undefined || key === '') return undefined;
  const digest = hash('sha256', key, 'buffer');
  const candidate = known.get(digest.toString('hex', 0, 8));
  return candidate !== undefined && timingSafeEqual(candidate.digest, digest) ? candidate.principal : undefined;
}

function keyOf(request: Request): string | undefined {
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

function toKnown({ id, digest, name, hint, anonymous, models, limits, weight, thinking }: AcceptedKey): KnownKey {
  return {
    digest: Buffer.from(digest, 'hex'),
    principal: {
      keyId: id,
      name,
      hint,
      isAnonymous: anonymous !== undefined,
      models,
      limits,
      weight,
      thinking,
    },
  };
}
