import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  jsonValue,
  oneof,
  record,
  string,
  stringMatching,
} from 'fast-check';
import { matches } from './matches.ts';
import { resolved, type Schema, type Schemas } from './schema.ts';

/** Longest texts and lists that are tried; the limits of the schema have tests of their own. */
const most = 5;

/** Returns values that are valid by a schema. Optional fields are there in some values. */
export function valuesOf(schema: Schema, schemas: Schemas): Arbitrary<unknown> {
  if (schema.$ref !== undefined) return valuesOf(resolved(schema, schemas), schemas);
  if (schema.const !== undefined) return constant(schema.const);
  if (schema.enum !== undefined) return constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return oneof(...branches.map((branch) => valuesOf(branch, schemas)));
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return jsonValue({ maxDepth: 2 });
  return oneof(...types.map((type) => valuesOfType({ ...schema, type }, schemas)));
}

function valuesOfType(schema: Schema, schemas: Schemas): Arbitrary<unknown> {
  switch (schema.type) {
    case 'null':
      return constant(null);
    case 'boolean':
      return boolean();
    case 'integer':
      return integer({ min: atLeast(schema.minimum), max: atMost(schema.maximum) });
    case 'number':
      return double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
    case 'string':
      return texts(schema).filter((text) => matches(text, schema, schemas));
    case 'array':
      return array(valuesOf(schema.items ?? {}, schemas), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(most, schema.maxItems ?? most),
      });
    default:
      return objects(schema, schemas);
  }
}

/** fast-check's integers have 32 bits. */
const atLeast = (minimum = 0): number => Math.max(minimum, -(2 ** 31));
const atMost = (maximum = 0): number => Math.min(maximum, 2 ** 31 - 1);

function texts({ pattern, minLength = 0, maxLength = most }: Schema): Arbitrary<string> {
  if (pattern !== undefined) return stringMatching(new RegExp(pattern));
  return string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(most, maxLength)) });
}

function objects({ properties, required = [], additionalProperties, maxProperties = most }: Schema, schemas: Schemas) {
  if (properties === undefined) {
    const values = valuesOf(typeof additionalProperties === 'object' ? additionalProperties : {}, schemas);
    return dictionary(string({ maxLength: most }), values, { maxKeys: Math.min(most, maxProperties) });
  }
  const fields = Object.entries(properties).map(([name, field]) => [name, valuesOf(field, schemas)] as const);
  return record(Object.fromEntries(fields), { requiredKeys: [...required] });
}
