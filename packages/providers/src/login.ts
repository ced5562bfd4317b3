import type { UpstreamFailure } from '@sluice/protocol';
import type { LoginFacts } from './catalogue-entry.ts';
import type { PreparationStep, StepAnswer } from './preparation.ts';

/**
 * One-time login of a person with a browser, after which access tokens can be renewed: OAuth 2.0's authorization code
 * flow. Pure: the caller opens the port, makes the calls and writes the file.
 */
<<<<<<< HEAD
export interface Login {
  /** Local address to which the browser delivers the code. */
  readonly callback: { readonly port: number; readonly path: string };
  /** Path of the login file, relative to the home directory. */
  readonly file: string;
  /** Prefix of the environment variables of the client: `…_CLIENT_ID`, `…_CLIENT_SECRET` and `…_BASE_URL`. */
  readonly variablePrefix: string;
  readonly defaultBaseUrl: string;
  /** Sentence that tells a person where to find the client, which is not shipped. */
  readonly whereClientIs: string;
  /** @param state returned with the code; a forged callback has another value */
=======
export interface Login extends LoginFacts {
  /** @param state comes back with the code: a stranger's code has another */
>>>>>>> 75e9e27c26e3be56692a008f8d3e62b8306c5491
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
