import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Config } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import { findObservation, type Principal, setPrincipal } from '../context.ts';

type ClientKey = Config['keys'][number];
interface KnownKey {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/**
 * Finds out who asks, by `Authorization: Bearer KEY` or `x-api-key: KEY`. Keys are known by their SHA-256 alone: the
 * first half of it names the key, the whole is compared in constant time. Who has no key is whom the configuration says.
 */
export function authenticate(keys: readonly ClientKey[]): RequestHandler {
  const known = new Map(keys.map((key) => [key.id, toKnown(key)]));
  const anonymous = keys.find((key) => key.anonymous !== undefined);
  const stranger = anonymous === undefined ? undefined : toKnown(anonymous).principal;
  return (request, response, next) => {
    const key = keyOf(request);
    const mayBeAnonymous = anonymous?.anonymous === 'any_key' || key === undefined;
    const principal = identify(known, key) ?? (mayBeAnonymous ? stranger : undefined);
    if (principal === undefined) throw new GatewayError('invalid_api_key');
    setPrincipal(response, principal);
    findObservation(response)?.principal(principal);
    next();
  };
}

function identify(known: ReadonlyMap<string, KnownKey>, key: string | undefined): Principal | undefined {
  if (key === undefined || key === '') return undefined;
  const digest = createHash('sha256').update(key).digest();
  const candidate = known.get(digest.toString('hex', 0, 8));
  return candidate !== undefined && timingSafeEqual(candidate.digest, digest) ? candidate.principal : undefined;
}

function keyOf(request: Request): string | undefined {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(request.get('authorization') ?? '') ?? [];
  return bearer ?? request.get('x-api-key');
}

function toKnown({ id, digest, name, hint, admin, models, limits, weight, thinking }: ClientKey): KnownKey {
  return {
    digest: Buffer.from(digest, 'hex'),
    principal: { keyId: id, name, hint, isAdmin: admin, models, limits, weight, thinking },
  };
}
