import { isObject, type JsonType, resolved, type Schema, type Schemas } from './schema.ts';

/** Keywords without a meaning for validity. */
const texts = ['title', 'description', 'deprecated', 'examples', 'default', 'format'];

type Check = (value: unknown, schema: Schema, schemas: Schemas) => boolean;

/** One check for each keyword of JSON Schema that the document uses. */
const checks: Readonly<Record<string, Check>> = {
  $ref: (value, schema, schemas) => matches(value, resolved(schema, schemas), schemas),
  type: (value, { type = [] }) => [type].flat().some((one) => isOf(value, one)),
  const: (value, schema) => value === schema.const,
  enum: (value, schema) => schema.enum?.includes(value) ?? true,
  not: (value, { not = {} }, schemas) => !matches(value, not, schemas),
  anyOf: (value, { anyOf = [] }, schemas) => anyOf.some((one) => matches(value, one, schemas)),
  oneOf: (value, { oneOf = [] }, schemas) => oneOf.filter((one) => matches(value, one, schemas)).length === 1,
  properties: (value, { properties = {} }, schemas) =>
    !isObject(value) ||
    Object.entries(properties).every(
      ([name, one]) => !Object.hasOwn(value, name) || matches(value[name], one, schemas),
    ),
  required: (value, { required = [] }) => !isObject(value) || required.every((name) => Object.hasOwn(value, name)),
  additionalProperties: (value, { additionalProperties = true, properties = {} }, schemas) =>
    !isObject(value) ||
    Object.entries(value).every(([name, one]) => {
      if (Object.hasOwn(properties, name)) return true;
      return typeof additionalProperties === 'boolean'
        ? additionalProperties
        : matches(one, additionalProperties, schemas);
    }),
  propertyNames: (value, { propertyNames = {} }, schemas) =>
    !isObject(value) || Object.keys(value).every((name) => matches(name, propertyNames, schemas)),
  maxProperties: (value, { maxProperties = Infinity }) =>
    !isObject(value) || Object.keys(value).length <= maxProperties,
  items: (value, { items = {} }, schemas) =>
    !Array.isArray(value) || value.every((one: unknown) => matches(one, items, schemas)),
  minItems: (value, { minItems = 0 }) => !Array.isArray(value) || value.length >= minItems,
  maxItems: (value, { maxItems = Infinity }) => !Array.isArray(value) || value.length <= maxItems,
  minLength: (value, { minLength = 0 }) => typeof value !== 'string' || Array.from(value).length >= minLength,
  maxLength: (value, { maxLength = Infinity }) => typeof value !== 'string' || Array.from(value).length <= maxLength,
  pattern: (value, { pattern = '' }) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minimum: (value, { minimum = -Infinity }) => typeof value !== 'number' || value >= minimum,
  maximum: (value, { maximum = Infinity }) => typeof value !== 'number' || value <= maximum,
};

/**
 * Returns whether a JSON value is valid.
 * @throws Error for a keyword that is not checked here
 */
export function matches(value: unknown, schema: Schema, schemas: Schemas): boolean {
  return Object.keys(schema).every((keyword) => {
    if (texts.includes(keyword)) return true;
    const check = checks[keyword];
    if (check === undefined) throw new Error(`the document uses the keyword ${keyword}: check it in this file`);
    return check(value, schema, schemas);
  });
}

function isOf(value: unknown, type: JsonType): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    default:
      return typeof value === type;
  }
}
