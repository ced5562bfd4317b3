import { catalogue, type ProviderType } from '@sluice/providers/catalogue';
import { section } from '@sluice/setting-types';
import { z } from 'zod';
import { fieldOf, type Finding } from './across.ts';

/**
 * The options of all providers in one mapping, so that docs and editors show each option once. An option has the same
 * meaning for all types that have it. {@link findOptionFaults} checks the options that a type has and requires.
 */
export const providerOptions = section(
  Object.fromEntries(
    Object.entries(optionsByName()).map(([name, { schema, types }]) => [
      name,
      z
        .optional(inner(schema))
        .meta({ ...defaultOf(schema), ...metaOf(schema) })
        .describe(`For ${types.join(', ')}: ${lowerFirst(schema.description ?? '')}`),
    ]),
  ),
);

interface SharedOption {
  readonly schema: z.ZodType;
  readonly types: string[];
}

function optionsByName(): Readonly<Record<string, SharedOption>> {
  const found: Record<string, SharedOption> = {};
  for (const [type, { options }] of Object.entries(catalogue)) {
    for (const [name, schema] of Object.entries(options.shape)) {
      const shared = (found[name] ??= { schema, types: [] });
      shared.types.push(type);
    }
  }
  return found;
}

/** Returns a schema without optionality and default, which belong to a single type. */
function inner(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return inner(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function defaultOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  if (!(schema instanceof z.ZodDefault)) return {};
  const { defaultValue } = schema.def;
  return { 'x-default': `\`${typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue)}\`` };
}

function metaOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  return { ...inner(schema).meta(), ...schema.meta() };
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? `${text[0]?.toLowerCase()}${text.slice(1)}` : text;
}

/** Finds options that the type of an upstream does not have, and required options that are missing. */
export function* findOptionFaults(upstream: unknown): Iterable<Finding> {
  const type = fieldOf(upstream, 'type');
  if (!isProviderType(type)) return;
  const schema = catalogue[type].options;
  const given = fieldOf(upstream, 'options') ?? {};
  const parsed = schema.safeParse(given);
  if (parsed.success || typeof given !== 'object') return;
  const own = Object.keys(schema.shape);
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      const known = own.length === 0 ? `${type} upstreams have none` : `${type} upstreams have ${own.join(', ')}`;
      // The schema of the mapping itself reports options that no type has.
      for (const key of issue.keys.filter((key) => Object.hasOwn(providerOptions.shape, key))) {
        yield { path: ['options', key], message: `is not an option here; ${known}` };
      }
    } else if (issue.path.length <= 1 && fieldOf(given, String(issue.path[0])) === undefined) {
      yield { path: ['options', ...issue.path.map(String)], message: issue.message };
    }
  }
}

export const isProviderType = (type: unknown): type is ProviderType =>
  typeof type === 'string' && Object.hasOwn(catalogue, type);
