import type { UpstreamFailure } from '@sluice/protocol';
import type { TokenAnswer, TokenCredential, TokenVault } from '@sluice/access-tokens';
import type { Credential } from '../targets/targets.ts';

/** As whom a call is made. */
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
  /** Undefined where no credential has tokens. */
  readonly tokens: TokenVault | undefined;
  readonly signal: AbortSignal;
  /** Until the request's deadline. */
  readonly remainingMs: number;
}

const tooLate: CallKey = {
  kind: 'failed',
  failure: { kind: 'timeout', message: "The provider's token could not be had in time." },
};

/**
 * The key of a credential, or the token that all workers use for it now.
 *
 * @throws the connection's error when Redis is away
 */
export async function takeCallKey(
  { apiKey, tokenCredential: credential }: Credential,
  { tokens, signal, remainingMs }: CallKeyNeeds,
): Promise<CallKey> {
  if (credential === undefined || tokens === undefined) return { kind: 'key', apiKey: apiKey?.reveal() };
  const leaving = Promise.withResolvers<CallKey>();
  const onAbort = (): void => leaving.resolve({ kind: 'aborted' });
  const timer = setTimeout(() => leaving.resolve(tooLate), remainingMs);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    // A request that leaves does not end the renewal: others wait for the same token.
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
