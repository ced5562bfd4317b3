import type { UpstreamFailure } from '@sluice/protocol';
import type { LoginFacts } from './catalogue-entry.ts';
import type { PreparationStep, StepAnswer } from './preparation.ts';

/**
 * One-time login of a person with a browser, after which access tokens can be renewed: OAuth 2.0's authorization code
 * flow. Pure: the caller opens the port, makes the calls and writes the file.
 */
export interface Login extends LoginFacts {
  /** @param state returned with the code; a forged callback has another value */
  authorizeUrl(client: LoginClient, state: string): string;
  exchange(code: string, client: LoginClient, nowMs: number): Generator<PreparationStep, LoginResult, StepAnswer>;
}

export interface LoginClient {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
  /** Base URL without a trailing slash. */
  readonly baseUrl: string;
  /** Full URL of the callback. */
  readonly redirectUri: string;
}

export type LoginResult =
  | {
      readonly kind: 'done';
      /** Text for the login file, which `TokenSource.readLogin` reads. Secret. */
      readonly fileText: string;
      /** Account name of the person at the provider. */
      readonly account: string | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
