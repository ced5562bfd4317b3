import type { UpstreamFailure } from '@sluice/protocol';
import type { ProviderToken, TokenResult, TokenSource } from '@sluice/providers';
import type { TokenRef } from './scripts.ts';

/** A credential whose access tokens the provider issues. */
export interface TokenCredential extends TokenRef {
  readonly source: Pick<TokenSource, 'renewBeforeMs' | 'unknownLifeMs'>;
  /**
   * Requests another access token from the provider; never rejects. The failure's message is free of secrets.
   *
   * @param nowMs the clock that all workers share: ms since 1970
   * @param withinMs time limit of the request
   */
  obtain(before: ProviderToken | undefined, nowMs: number, withinMs: number): Promise<TokenResult>;
  /** Returns the token that a person provided; undefined if there is none. Absent if people provide none. */
  readBrought?(): Promise<ProviderToken | undefined>;
}

export type TokenAnswer =
  | {
      readonly kind: 'token';
      readonly value: string;
      /** Identifies the token for `TokenVault.refuse`. */
      readonly version: string;
      /** Origin of the token: Redis, this worker's request to the provider, or another worker's request. */
      readonly origin: 'stored' | 'obtained' | 'awaited';
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
