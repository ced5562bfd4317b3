import type { UpstreamFailure } from '@sluice/protocol';
import type { PreparationStep, StepAnswer } from './preparation.ts';

/** A token that a provider gives out for some time, in place of a fixed key. */
export interface ProviderToken {
  /** The value for `CallPlan.apiKey`. Secret. */
  readonly value: string;
  /** The time at which the token ends: ms since 1970; undefined where nobody says. */
  readonly expiresAtMs: number | undefined;
  /** The means of its renewal, such as a refresh token. Secret. */
  readonly renewal?: string | undefined;
}

/**
 * Obtains and renews a provider's tokens: pure, the worker makes the calls. All workers together use one token a
 * credential; one of them renews it for all.
 */
export interface TokenSource {
  /** A token is renewed so long before its end. */
  readonly renewBeforeMs: number;
  /** Time that a token is used when nobody says when it ends. */
  readonly unknownLifeMs: number;
  /**
   * Gets another token in place of one that is about to end or was refused.
   *
   * @param before undefined for a first token, where the provider gives them to anybody
   */
  obtain(before: ProviderToken | undefined, plan: TokenPlan): TokenSteps;
  /**
   * Reads the file in which a person's login is kept; undefined for what is no such file. Absent where nobody logs in,
   * because the provider gives tokens to anybody.
   */
  readLogin?(text: string): ProviderToken | undefined;
  /** Secrets among the options: taken out of whatever is said of a failure. */
  readonly secrets?: readonly string[];
}

export interface TokenPlan {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** ms since 1970. */
  readonly nowMs: number;
  /** Gives a random UUID. */
  readonly newId: () => string;
  /**
   * Takes what the next renewal must begin with, as soon as this one has used up the last: the steps may be left at any
   * call that fails or takes too long.
   */
  readonly keep: (renewal: string) => void;
}

export type TokenSteps = Generator<PreparationStep, TokenResult, StepAnswer>;

export type TokenResult =
  | { readonly kind: 'token'; readonly token: ProviderToken }
  | {
      readonly kind: 'failed';
      readonly failure: UpstreamFailure;
      /** The secret that the next renewal must begin with, where this one has used up the last. */
      readonly renewal?: string | undefined;
    };
