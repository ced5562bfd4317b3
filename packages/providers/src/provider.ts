import type { z } from 'zod';
import type { ProviderAdapter } from './adapter.ts';
import type { CatalogueEntry } from './catalogue-entry.ts';
import type { Login } from './login.ts';

/** Entry of the registry: a provider's protocol, before its options are set. */
export interface Provider extends CatalogueEntry {
  /** Login of a person, if a login can replace a key. */
  readonly login?: Login;
  /**
   * @param baseUrl address of the upstream, for providers whose protocol depends on it
   * @throws ZodError if the options do not fit the schema
   */
  create(options: unknown, baseUrl?: string): ProviderAdapter;
}

interface ProviderDefinition<Options extends z.ZodObject> extends CatalogueEntry<Options> {
  readonly login?: Login;
  readonly create: (options: z.output<Options>, baseUrl: string | undefined) => ProviderAdapter;
}

/** Combines a provider's adapter with its options. */
export function defineProvider<Options extends z.ZodObject>(definition: ProviderDefinition<Options>): Provider {
  const { options, create } = definition;
  return { ...definition, create: (given, baseUrl) => create(options.parse(given), baseUrl) };
}
