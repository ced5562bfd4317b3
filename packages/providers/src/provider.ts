import type { z } from 'zod';
import type { ProviderAdapter } from './adapter.ts';
import type { CatalogueEntry } from './catalogue-entry.ts';
import type { Login } from './login.ts';

/** A provider's protocol, before anybody has said how to use it: its entry in the catalogue, and its adapter. */
export interface Provider extends CatalogueEntry {
  readonly login?: Login;
  /**
   * @param baseUrl where it will be called, for providers that speak another protocol elsewhere
   * @throws ZodError for options that do not fit the schema
   */
  create(options: unknown, baseUrl?: string): ProviderAdapter;
}

interface ProviderDefinition<Options extends z.ZodObject> extends CatalogueEntry<Options> {
  readonly login?: Login;
  readonly create: (options: z.output<Options>, baseUrl: string | undefined) => ProviderAdapter;
}

/** Ties a provider's adapter to its options. */
export function defineProvider<Options extends z.ZodObject>(definition: ProviderDefinition<Options>): Provider {
  const { options, create } = definition;
  return { ...definition, create: (given, baseUrl) => create(options.parse(given), baseUrl) };
}
