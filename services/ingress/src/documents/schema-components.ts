import { isObject } from '@sluice/protocol';
import { z } from 'zod';
import type { Json, NamedSchema } from './route-description.ts';

const refOf = (name: string): string => `#/components/schemas/${name}`;

/** Returns the reference to a named schema. */
export const schemaRef = ({ name }: NamedSchema): Json => ({ $ref: refOf(name) });

/** Returns the JSON Schema of a schema without a name. */
export const inlineSchema = (schema: z.ZodType): Json => withoutIds(z.toJSONSchema(schema, options));

/**
 * Returns `components/schemas`. A named schema inside another one becomes a reference.
 * @throws Error if two schemas have the same name
 */
export function schemaComponents(named: readonly NamedSchema[]): Json {
  const registry = z.registry<{ id: string }>();
  const known = new Map<string, NamedSchema>();
  for (const one of named) {
    const before = known.get(one.name);
    if (before !== undefined && before.schema !== one.schema) {
      throw new Error(`two schemas of the document have the name ${one.name}`);
    }
    if (before === undefined) registry.add(one.schema, { id: one.name });
    known.set(one.name, one);
  }
  const { schemas } = z.toJSONSchema(registry, { ...options, uri: refOf });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, describe(withoutIds(schema), known.get(name)?.fields)]),
  );
}

const options = {
  io: 'input',
  unrepresentable: 'any',
  override({ jsonSchema }) {
    // A double can't hold the range of 64 bits: a number just outside it reads as its end.
    const { minimum = 0, maximum = 0 } = jsonSchema;
    if (minimum < Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (maximum > Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    // Gives the kinds of a union a name, or pages would show "object or object or object".
    const kind = jsonSchema.properties?.['role'] ?? jsonSchema.properties?.['type'];
    if (isObject(kind) && typeof kind['const'] === 'string') jsonSchema.title ??= kind['const'];
  },
} as const satisfies z.core.ToJSONSchemaParams;

/** Drops the members that only a document of its own has: `$id` would change the base of all references. */
function withoutIds(schema: object): Json {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '$id'));
}

function describe(schema: Json, fields: NamedSchema['fields']): Json {
  const { properties } = schema;
  if (fields === undefined || !isObject(properties)) return schema;
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, field]) => [
        name,
        isObject(field) ? { ...field, ...textOf(fields[name]) } : field,
      ]),
    ),
  };
}

const textOf = (text: string | undefined): Json =>
  text === undefined ? {} : { description: text, ...(text.startsWith('Deprecated') ? { deprecated: true } : {}) };
