import { GatewayError } from '../errors/gateway-error.ts';

/*
 * Errors about one field, in the words of OpenAI's API. They quote the client's input only as far as it helps to locate
 * the fault: it may be long, and it may be private.
 */

/** A field and the value that the client sent. */
export interface Field {
  /** Path of the field as OpenAI writes it: `messages[2].content`. */
  readonly param: string;
  readonly value: unknown;
}

/** Returns an own field of a value that may not be an object. */
export function fieldOf(value: unknown, field: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? (value as Record<PropertyKey, unknown>)[field]
    : undefined;
}

/** Writes the path `['messages', 2, 'content']` as `messages[2].content`. */
export function paramOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((param, step) => {
    if (typeof step === 'number') return `${param}[${step}]`;
    return param === '' ? excerpt(String(step)) : `${param}.${excerpt(String(step))}`;
  }, '');
}

/** Error: a required field is missing. */
export function missingField(param: string): GatewayError {
  return new GatewayError('missing_required_parameter', { param, message: `Missing required parameter: '${param}'.` });
}

/** Error: a field has the wrong JSON type; `wanted` is `a string`, `an array of objects`, … */
export function wrongType({ param, value }: Field, wanted: string): GatewayError {
  return new GatewayError('invalid_type', {
    param,
    message: `Invalid type for '${param}': expected ${wanted}, but got ${typeOf(value)} instead.`,
  });
}

/** Error: a value is not in the set of supported values. */
export function wrongWord({ param, value }: Field, wanted: readonly unknown[]): GatewayError {
  if (typeof value !== 'string') return wrongType({ param, value }, 'a string');
  const words = wanted.map((word) => `'${String(word)}'`);
  const supported = words.length > 2 ? `${words.slice(0, -1).join(', ')}, and ${words.at(-1)}` : words.join(' and ');
  return new GatewayError('invalid_value', {
    param,
    message: `Invalid value: '${excerpt(value)}'. Supported values are: ${supported}.`,
  });
}

/** Error: the request does not define the tool or function that it names. */
export function unknownName({ param, value }: Field, { kind, list }: { kind: string; list: string }): GatewayError {
  return new GatewayError('invalid_value', {
    param,
    message: `Invalid value for '${param}': no ${kind} named '${excerpt(String(value))}' was specified in the '${list}' parameter.`,
  });
}

/** Error: a parameter requires another one to be true. */
export function onlyWith(param: string, other: string): GatewayError {
  return new GatewayError('invalid_value', {
    param,
    message: `The '${param}' parameter is only allowed when '${other}' is enabled.`,
  });
}

/** The bound that a number exceeds. */
export interface Bound {
  readonly kind: 'integer' | 'decimal';
  readonly side: 'above_max' | 'below_min';
  readonly limit: number | bigint;
}

/** Error: a number is out of range. */
export function numberOutOfRange({ param, value }: Field, { kind, side, limit }: Bound): GatewayError {
  const [where, sign] = side === 'above_max' ? ['above maximum', '<='] : ['below minimum', '>='];
  return new GatewayError(`${kind}_${side}_value`, {
    param,
    message: `Invalid '${param}': ${kind} ${where} value. Expected a value ${sign} ${limit}, but got ${String(value)} instead.`,
  });
}

/** Error: a text has too many characters. */
export function textTooLong({ param, value }: Field, max: number): GatewayError {
  return tooLong(`'${param}': string too long`, { param, max, length: String(value).length });
}

/** Error: an object has a property whose name has too many characters. */
export function propertyNameTooLong(param: string, { name, max }: { name: string; max: number }): GatewayError {
  return tooLong(`property name in '${param}': string too long`, { param, max, length: name.length });
}

function tooLong(what: string, { param, max, length }: { param: string; max: number; length: number }): GatewayError {
  return new GatewayError('string_above_max_length', {
    param,
    message: `Invalid ${what}. Expected a string with maximum length ${max}, but got a string with length ${length} instead.`,
  });
}

/** Error: a text or list is empty. */
export function emptyField({ param, value }: Field): GatewayError {
  return Array.isArray(value)
    ? new GatewayError('empty_array', {
        param,
        message: `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
      })
    : new GatewayError('empty_string', {
        param,
        message: `Invalid '${param}': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
      });
}

/** Error: a text does not match the required pattern. */
export function wrongPattern({ param }: Field, pattern: string): GatewayError {
  return new GatewayError('invalid_value', {
    param,
    message: `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${pattern}'.`,
  });
}

/** Error: a list has too many items. */
export function listTooLong(param: string, { length, max }: { length: number; max: number }): GatewayError {
  return new GatewayError('array_above_max_length', {
    param,
    message: `Invalid '${param}': array too long. Expected an array with maximum length ${max}, but got an array with length ${length} instead.`,
  });
}

/** Error: the items of a list together hold too many entries. */
export function tooManyEntries(
  param: string,
  { what, count, max }: { what: string; count: number; max: number },
): GatewayError {
  return new GatewayError('array_above_max_length', {
    param,
    message: `Invalid '${param}': too many ${what}. Expected at most ${max} in all, but got ${count} instead.`,
  });
}

/** Error: an object has too many properties. */
export function tooManyProperties(param: string, { count, max }: { count: number; max: number }): GatewayError {
  return new GatewayError('object_above_max_properties', {
    param,
    message: `Invalid '${param}': too many properties. Expected an object with at most ${max} properties, but got an object with ${count} properties instead.`,
  });
}

const maxExcerptLength = 64;

/** Shortens a text to at most 64 characters. */
function excerpt(value: string): string {
  return (value.length <= maxExcerptLength ? value : `${value.slice(0, maxExcerptLength - 1)}…`).toWellFormed();
}

/** Returns the JSON type of a value, with its article. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (Number.isInteger(value)) return 'an integer';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a decimal' : 'a number too large to hold';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
