import type { z } from 'zod';

/** A provider's protocol as a configuration knows it: data alone, so that who reads one loads no adapter. */
export interface CatalogueEntry<Options extends z.ZodObject = z.ZodObject> {
  /** The options that an upstream of this type may have; each with a description. */
  readonly options: Options;
  /** The provider's base URL, without a slash at its end, if there is one place for all. */
  readonly defaultBaseUrl?: string;
  /** A notice to its operators, given once at the start of each worker that has such an upstream. */
  readonly notice?: string;
  /** The access tokens that can stand in for a key; absent where upstreams have keys only. */
  readonly accessTokens?: AccessTokens;
  /** The login of a person, where one gives access tokens. */
  readonly login?: LoginFacts;
}

export interface AccessTokens {
  /** `anonymous`: the provider gives them to anybody; `login`: a person has logged in. */
  readonly kind: 'anonymous' | 'login';
  /** The option that must be true; absent where upstreams always take them. */
  readonly switch?: string;
  /** Options without which a login can't be renewed. */
  readonly requiredOptions?: readonly string[];
}

/** A login with a browser, as far as it is the same for all. */
export interface LoginFacts {
  /** The address on this machine to which the browser brings the code. */
  readonly callback: { readonly port: number; readonly path: string };
  /** The file that holds the login, below the home folder. */
  readonly file: string;
  /** Begins the names of the variables that hold the client: `…_CLIENT_ID`, `…_CLIENT_SECRET` and `…_BASE_URL`. */
  readonly variablePrefix: string;
  readonly defaultBaseUrl: string;
  /** Sentence that says where a person finds the client, which is not shipped. */
  readonly whereClientIs: string;
}
