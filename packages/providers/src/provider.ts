import type { z } from 'zod';
import type { ProviderAdapter } from './adapter.ts';
import type { Login } from './login.ts';

/** An entry of the registry: a provider's protocol, before anybody has said how to use it. */
export interface Provider {
  /** The options that an upstream of this type may have; each with a description. */
  readonly options: z.ZodObject;
  /** The provider's base URL, if there is one place for all. */
  readonly defaultBaseUrl: string | undefined;
  /** A notice to its operators, given once at the start of each worker that has such an upstream. */
  readonly notice: string | undefined;
  /** The login of a person, where a login can stand in for a key. */
  readonly login: Login | undefined;
  /**
   * @param baseUrl where it will be called, for providers that speak another protocol elsewhere
   * @throws ZodError for options that do not fit the schema
   */
  create(options: unknown, baseUrl?: string): ProviderAdapter;
}

export interface ProviderDefinition<Options extends z.ZodObject> {
  readonly options: Options;
  /** Without a slash at its end. */
  readonly defaultBaseUrl?: string;
  readonly notice?: string;
  readonly login?: Login;
  readonly create: (options: z.output<Options>, baseUrl: string | undefined) => ProviderAdapter;
}

/** Ties a provider's adapter to its options. */
export function defineProvider<Options extends z.ZodObject>(definition: ProviderDefinition<Options>): Provider {
  const { options, defaultBaseUrl, notice, login, create } = definition;
  return { options, defaultBaseUrl, notice, login, create: (given, baseUrl) => create(options.parse(given), baseUrl) };
}
