import type { UpstreamFailure } from '@sluice/protocol';
import type { LoginFacts } from './catalogue-entry.ts';
import type { PreparationStep, StepAnswer } from './preparation.ts';

/**
 * A person's login with a browser, once, so that tokens can be renewed from then on: OAuth 2.0's authorization code.
 * Pure: who runs it opens the port, makes the calls and writes the file.
 */
export interface Login extends LoginFacts {
  /** @param state comes back with the code: a stranger's code has another */
  authorizeUrl(client: LoginClient, state: string): string;
  exchange(code: string, client: LoginClient, nowMs: number): Generator<PreparationStep, LoginResult, StepAnswer>;
}

export interface LoginClient {
  readonly id: string;
  /** Secret. */
  readonly secret: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** The whole URL of the callback. */
  readonly redirectUri: string;
}

export type LoginResult =
  | {
      readonly kind: 'done';
      /** The text that is written to the file, and read by `TokenSource.readLogin`. Secret. */
      readonly fileText: string;
      /** Whom the provider takes this person for. */
      readonly account: string | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };
