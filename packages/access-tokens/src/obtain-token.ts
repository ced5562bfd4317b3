import type { UpstreamFailure } from '@sluice/protocol';
import type { ProviderToken, TokenResult } from '@sluice/providers';
import { holds, isDue } from './life.ts';
import type { TokenCredential } from './token-credential.ts';

/** A token, or the failure of its renewal; `isBrought`: a person has provided the token. */
export type Obtained = TokenResult & { readonly isBrought: boolean };

export interface ObtainNeeds {
  /** Time limit of all requests to the provider together, in ms. */
  readonly limitMs: number;
  /** Called when the provider refuses a renewal, but the token of a person is still valid. */
  readonly onFailed: (credential: TokenCredential, failure: UpstreamFailure) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Obtains a token. A token from a person starts the chain, and replaces it when the provider refuses its last token.
 *
 * @param nowMs the clock that all workers share: ms since 1970
 */
export async function obtainToken(
  { limitMs, onFailed, now }: ObtainNeeds,
  credential: TokenCredential,
  { stored, nowMs }: { readonly stored: ProviderToken | undefined; readonly nowMs: number },
): Promise<Obtained> {
  const startedAt = now();
  const ask = async (before: ProviderToken | undefined): Promise<Obtained> => {
    const result = await credential.obtain(before, nowMs, limitMs - (now() - startedAt));
    return { ...result, isBrought: false };
  };
  const result = stored === undefined ? undefined : await ask(stored);
  if (result !== undefined && (result.kind === 'token' || result.failure.kind !== 'authentication')) return result;
  const brought = await credential.readBrought?.();
  if (result !== undefined && (brought === undefined || isSame(brought, stored))) return result;
  if (brought !== undefined && !isDue(brought, credential.source, nowMs)) {
    return { kind: 'token', token: brought, isBrought: true };
  }
  const renewed = await ask(brought);
  if (renewed.kind === 'token' || brought === undefined || !holds(brought, nowMs)) return renewed;
  // The token is due and cannot be renewed at the moment, but is still valid.
  onFailed(credential, renewed.failure);
  const token = { ...brought, renewal: renewed.renewal ?? brought.renewal };
  return { kind: 'token', token, isBrought: true };
}

const isSame = (one: ProviderToken, other: ProviderToken | undefined): boolean =>
  one.value === other?.value && one.renewal === other.renewal;
