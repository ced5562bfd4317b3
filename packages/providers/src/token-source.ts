import type { UpstreamFailure } from '@sluice/protocol';
import type { PreparationStep, StepAnswer } from './preparation.ts';

/** An access token, valid for a limited time, that replaces a fixed key. */
export interface ProviderToken {
  /** Value for `CallPlan.apiKey`. Secret. */
  readonly value: string;
  /** End of the token's validity, in ms since 1970; undefined if the provider does not state it. */
  readonly expiresAtMs: number | undefined;
  /** Secret for the token's renewal, such as a refresh token. */
  readonly renewal?: string | undefined;
}

/**
 * Obtains and renews a provider's access tokens. Pure: the worker makes the calls. All workers share one access token
 * per credential; one of them renews it for all.
 */
export interface TokenSource {
  /** Interval before the token's end at which it is renewed, in ms. */
  readonly renewBeforeMs: number;
  /** Assumed lifetime if the provider does not state one, in ms. */
  readonly unknownLifeMs: number;
  /**
   * Obtains an access token that replaces one that is about to end or was refused.
   *
   * @param before undefined for a first token, if the provider gives anonymous ones
   */
  obtain(before: ProviderToken | undefined, plan: TokenPlan): TokenSteps;
  /**
   * Parses the file that holds a person's login; returns undefined if the text is not such a file. Absent if the
   * provider has no logins, because it gives tokens to anonymous clients.
   */
  readLogin?(text: string): ProviderToken | undefined;
  /** Secret options; redacted from all failure messages. */
  readonly secrets?: readonly string[];
}

export interface TokenPlan {
  /** Base URL without a trailing slash. */
  readonly baseUrl: string;
  /** Current time, in ms since 1970. */
  readonly nowMs: number;
  /** Returns a random UUID. */
  readonly newId: () => string;
  /**
   * Stores the secret for the next renewal as soon as this renewal has used up the previous one: the steps may end at
   * any call that fails or takes too long.
   */
  readonly keep: (renewal: string) => void;
}

export type TokenSteps = Generator<PreparationStep, TokenResult, StepAnswer>;

export type TokenResult =
  | { readonly kind: 'token'; readonly token: ProviderToken }
  | {
      readonly kind: 'failed';
      readonly failure: UpstreamFailure;
      /** Secret for the next renewal, if this one has used up the previous one. */
      readonly renewal?: string | undefined;
    };
