import { GatewayError } from '@sluice/protocol';
import type { Request, Response } from 'express';
import { findObservation } from '../context.ts';
import type { TokenBuckets } from './token-buckets.ts';

/** A request without a valid key, and what it is told. */
export interface RefusedKey {
  readonly request: Request;
  readonly response: Response;
  /** A bucket for each address, from which each such request takes a token. */
  readonly wrongKeys: TokenBuckets;
  readonly refusal: GatewayError;
}

/**
 * Refuses a request without a valid key, and counts it.
 * @throws the refusal; 429 to an address that keeps sending such requests
 */
export function refuseKey({ request, response, wrongKeys, refusal }: RefusedKey): never {
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

/** Returns whether the next request without a valid key from this address gets 429, so that no work is worth its while. */
export const isExhausted = (wrongKeys: TokenBuckets, { ip }: Request): boolean => wrongKeys.isEmpty(networkOf(ip));

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
