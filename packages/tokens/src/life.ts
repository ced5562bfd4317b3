import type { ProviderToken, TokenSource } from '@sluice/providers';

/** The time at which a token is to be renewed, and the time until which Redis keeps it: ms since 1970. */
export interface TokenLife {
  readonly renewAtMs: number;
  readonly keepUntilMs: number;
}

/** An ended token is kept so long for the sake of its renewal: providers let those live for weeks. */
const keepForRenewalMs = 30 * 24 * 3_600_000;
/** One that can't be renewed is of no use after its end. */
const keepMs = 60_000;

/**
 * A token that lives longer than its lead time is renewed that long before its end. A shorter one would always be due:
 * it is renewed at half its life.
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

/** Returns whether a token that somebody brought along has to be renewed before it is used. */
export const isDue = (
  { value, expiresAtMs }: ProviderToken,
  { renewBeforeMs }: Pick<TokenSource, 'renewBeforeMs'>,
  nowMs: number,
): boolean => value === '' || (expiresAtMs !== undefined && nowMs >= expiresAtMs - renewBeforeMs);

/** Returns whether the token can be used, though it may be due. */
export const holds = ({ value, expiresAtMs }: ProviderToken, nowMs: number): boolean =>
  value !== '' && (expiresAtMs === undefined || nowMs < expiresAtMs);
