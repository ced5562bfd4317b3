import type { UpstreamFailure } from '@sluice/protocol';
import type { TokenAnswer, TokenCredential, TokenVault } from '@sluice/access-tokens';
import type { Credential } from '../targets/targets.ts';

/** The key or access token of a call, or the reason why there is none. */
export type CallKey =
  | {
      readonly kind: 'key';
      readonly apiKey: string | undefined;
      readonly token?: {
        readonly credential: TokenCredential;
        readonly version: string;
        readonly origin: Extract<TokenAnswer, { kind: 'token' }>['origin'];
      };
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'aborted' };

export interface CallKeyNeeds {
  /** Undefined if no credential has access tokens. */
  readonly tokens: TokenVault | undefined;
  readonly signal: AbortSignal;
  /** Milliseconds until the request's deadline. */
  readonly remainingMs: number;
}

const tooLate: CallKey = {
  kind: 'failed',
  failure: { kind: 'timeout', message: "The provider's access token could not be obtained in time." },
};

const fixedKey = (apiKey: Credential['apiKey']): CallKey => ({ kind: 'key', apiKey: apiKey?.reveal() });

/** Returns the key of a credential without access tokens at once; undefined for any other. */
export const fixedKeyOf = (
  { apiKey, tokenCredential }: Credential,
  tokens: TokenVault | undefined,
): CallKey | undefined => (tokenCredential === undefined || tokens === undefined ? fixedKey(apiKey) : undefined);

/**
 * Returns the key of a credential, or the access token that all workers use for it now.
 *
 * @throws the connection's error when Redis is away
 */
export async function takeCallKey(
  { apiKey, tokenCredential: credential }: Credential,
  { tokens, signal, remainingMs }: CallKeyNeeds,
): Promise<CallKey> {
  if (credential === undefined || tokens === undefined) return fixedKey(apiKey);
  const leaving = Promise.withResolvers<CallKey>();
  const onAbort = (): void => leaving.resolve({ kind: 'aborted' });
  const timer = setTimeout(() => leaving.resolve(tooLate), remainingMs);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    // A cancelled request does not end the renewal: others wait for the same access token.
    return await Promise.race([leaving.promise, tokens.get(credential).then((answer) => toKey(answer, credential))]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function toKey(answer: TokenAnswer, credential: TokenCredential): CallKey {
  if (answer.kind === 'failed') return answer;
  const { value, version, origin } = answer;
  return { kind: 'key', apiKey: value, token: { credential, version, origin } };
}
