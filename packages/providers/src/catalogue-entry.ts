import type { z } from 'zod';

/** A provider's protocol as a configuration knows it: data only, so that a reader of a configuration loads no adapter. */
export interface CatalogueEntry<Options extends z.ZodObject = z.ZodObject> {
  /** Options of an upstream of this type; each with a description. */
  readonly options: Options;
  /** Base URL of the provider without a trailing slash, if it is the same for all customers. */
  readonly defaultBaseUrl?: string;
  /** Notice to operators, logged once when a worker with such an upstream starts. */
  readonly notice?: string;
  /** Access tokens that can replace a key; absent if upstreams have keys only. */
  readonly accessTokens?: AccessTokens;
  /** Login of a person, if a login can replace a key. */
  readonly login?: LoginFacts;
}

export interface AccessTokens {
  /** `anonymous`: the provider gives them to anonymous clients; `login`: a person has logged in. */
  readonly kind: 'anonymous' | 'login';
  /** Option that must be true; absent if upstreams always accept access tokens. */
  readonly enabledBy?: string;
  /** Options without which a login can't be renewed. */
  readonly requiredOptions?: readonly string[];
}

/** Login with a browser: the data that is the same for all persons. */
export interface LoginFacts {
  /** Local address to which the browser delivers the code. */
  readonly callback: { readonly port: number; readonly path: string };
  /** Path of the login file, relative to the home directory. */
  readonly file: string;
  /** Prefix of the environment variables of the client: `…_CLIENT_ID`, `…_CLIENT_SECRET` and `…_BASE_URL`. */
  readonly variablePrefix: string;
  readonly defaultBaseUrl: string;
  /** Sentence that tells a person where to find the client, which is not shipped. */
  readonly whereClientIs: string;
}
