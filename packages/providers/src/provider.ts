import type { z } from 'zod';
import type { ProviderAdapter } from './adapter.ts';
import type { CatalogueEntry } from './catalogue-entry.ts';
import type { Login } from './login.ts';

<<<<<<< HEAD
/** Entry of the registry: a provider's protocol, before its options are set. */
export interface Provider {
  /** Options of an upstream of this type; each with a description. */
  readonly options: z.ZodObject;
  /** Base URL of the provider, if it is the same for all customers. */
  readonly defaultBaseUrl: string | undefined;
  /** Notice to operators, logged once when a worker with such an upstream starts. */
  readonly notice: string | undefined;
  /** Login of a person, if a login can replace a key. */
  readonly login: Login | undefined;
=======
/** A provider's protocol, before anybody has said how to use it: its entry in the catalogue, and its adapter. */
export interface Provider extends CatalogueEntry {
  readonly login?: Login;
>>>>>>> 75e9e27c26e3be56692a008f8d3e62b8306c5491
  /**
   * @param baseUrl address of the upstream, for providers whose protocol depends on it
   * @throws ZodError if the options do not fit the schema
   */
  create(options: unknown, baseUrl?: string): ProviderAdapter;
}

<<<<<<< HEAD
export interface ProviderDefinition<Options extends z.ZodObject> {
  readonly options: Options;
  /** Base URL without a trailing slash. */
  readonly defaultBaseUrl?: string;
  readonly notice?: string;
=======
interface ProviderDefinition<Options extends z.ZodObject> extends CatalogueEntry<Options> {
>>>>>>> 75e9e27c26e3be56692a008f8d3e62b8306c5491
  readonly login?: Login;
  readonly create: (options: z.output<Options>, baseUrl: string | undefined) => ProviderAdapter;
}

/** Combines a provider's adapter with its options. */
export function defineProvider<Options extends z.ZodObject>(definition: ProviderDefinition<Options>): Provider {
  const { options, create } = definition;
  return { ...definition, create: (given, baseUrl) => create(options.parse(given), baseUrl) };
}
