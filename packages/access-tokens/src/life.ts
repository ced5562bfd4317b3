import type { ProviderToken, TokenSource } from '@sluice/providers';

/** Time at which an access token is renewed, and time until which Redis keeps it: ms since 1970. */
export interface TokenLife {
  readonly renewAtMs: number;
  readonly keepUntilMs: number;
}

/** Time (ms) for which an expired token is kept for its renewal: providers accept renewals for weeks. */
const keepForRenewalMs = 30 * 24 * 3_600_000;
/** Time (ms) for which an expired token without a renewal is kept. */
const keepMs = 60_000;

/**
 * Returns the times of a token. A token that lives longer than its lead time is renewed that long before its expiry. A
 * shorter one would always be due; it is renewed at half its life.
 */
export function lifeOf(
  token: ProviderToken,
  source: Pick<TokenSource, 'renewBeforeMs' | 'unknownLifeMs'>,
  nowMs: number,
): TokenLife {
  const { expiresAtMs, renewal } = token;
  const endMs = expiresAtMs ?? nowMs + source.unknownLifeMs;
  return {
    renewAtMs:
      expiresAtMs === undefined
        ? endMs
        : Math.max(endMs - source.renewBeforeMs, halfLife(endMs, source.renewBeforeMs, nowMs)),
    keepUntilMs: Math.max(endMs, nowMs) + (renewal === undefined ? keepMs : keepForRenewalMs),
  };
}

function halfLife(endMs: number, renewBeforeMs: number, nowMs: number): number {
  const lifeMs = endMs - nowMs;
  return lifeMs > renewBeforeMs ? -Infinity : nowMs + lifeMs / 2;
}

/** Returns whether a token provided by a person must be renewed before its use. */
export const isDue = (
  { value, expiresAtMs }: ProviderToken,
  { renewBeforeMs }: Pick<TokenSource, 'renewBeforeMs'>,
  nowMs: number,
): boolean => value === '' || (expiresAtMs !== undefined && nowMs >= expiresAtMs - renewBeforeMs);

/** Returns whether the token can be used, even if it is due for renewal. */
export const holds = ({ value, expiresAtMs }: ProviderToken, nowMs: number): boolean =>
  value !== '' && (expiresAtMs === undefined || nowMs < expiresAtMs);
