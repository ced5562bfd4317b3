import { isObject, type JsonObject, writeLossless } from '@sluice/protocol';

/*
 * Conversion of JSON Schema to the subset of Anthropic's structured outputs and strict tools:
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
 */

/** Keywords that are kept. */
const taken: ReadonlySet<string> = new Set(['type', 'title', 'required', 'default', '$ref', 'nullable', 'pattern']);
/** Keywords that hold schemas by name, one schema, or a list of schemas. */
const named: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const listed: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'oneOf']);
/** Keywords that set no limit: they can be dropped without loss. */
const silent: ReadonlySet<string> = new Set(['$schema', '$id', '$comment', 'additionalProperties', 'description']);

const formats: ReadonlySet<unknown> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

/**
 * Converts a schema: moves limits that Anthropic refuses, such as `minimum`, into descriptions, which the model reads,
 * and closes every object, because `additionalProperties` must be false. Keeps the order of members.
 */
export function toStrictSchema(schema: JsonObject): JsonObject {
  const limits: [string, unknown][] = [];
  const members = Object.entries(schema).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'description') return [[name, value]];
    if (silent.has(name)) return [];
    const own = name === 'oneOf' && 'anyOf' in schema ? undefined : toMember(name, value);
    if (own === undefined) limits.push([name, value]);
    return own === undefined ? [] : [own];
  });
  const strict: JsonObject = Object.fromEntries(members);
  const closed = isOfObjects(schema) ? { ...strict, additionalProperties: false } : strict;
  return limits.length === 0 ? closed : { ...closed, description: described(closed['description'], limits) };
}

/** Returns undefined for a limit that Anthropic refuses. */
function toMember(name: string, value: unknown): [string, unknown] | undefined {
  if (named.has(name) && isObject(value)) {
    return [name, Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toStrict(each)]))];
  }
  if (listed.has(name) && Array.isArray(value)) return [name === 'oneOf' ? 'anyOf' : name, value.map(toStrict)];
  if (name === 'items' && isObject(value)) return [name, toStrict(value)];
  const isTaken =
    taken.has(name) ||
    (name === 'enum' && Array.isArray(value) && value.every(isPrimitive)) ||
    (name === 'const' && isPrimitive(value)) ||
    (name === 'format' && formats.has(value)) ||
    (name === 'minItems' && (value === 0 || value === 1));
  return isTaken ? [name, value] : undefined;
}

const toStrict = (value: unknown): unknown => (isObject(value) ? toStrictSchema(value) : value);

const isPrimitive = (value: unknown): boolean => typeof value !== 'object' || value === null;

function described(description: unknown, limits: readonly [string, unknown][]): string {
  const text = `Limits: ${writeLossless(Object.fromEntries(limits))}`;
  return typeof description === 'string' && description !== '' ? `${description}\n\n${text}` : text;
}

const isOfObjects = ({ type, properties }: JsonObject): boolean =>
  type === 'object' || (Array.isArray(type) && type.includes('object')) || isObject(properties);

/**
 * Returns whether the subset can express the schema. False if objects allow members of any name, which the subset
 * forbids; if a reference leads to another document; or if the schema is recursive.
 *
 * @param isFunction true for the schema of a function's arguments, which may be empty
 */
export function isStrictable(schema: JsonObject, isFunction: boolean): boolean {
  return subschemas(schema).every((each) => isClosable(each, isFunction && each === schema)) && !isRecursive(schema);
}

function isClosable(schema: JsonObject, mayBeEmpty: boolean): boolean {
  const { $ref: ref, properties, additionalProperties: more, patternProperties: patterns } = schema;
  if (typeof ref === 'string' && !ref.startsWith('#')) return false;
  if (!isOfObjects(schema)) return true;
  const isFree = properties === undefined && (mayBeEmpty ? more === true : more !== false);
  return !isFree && !isFilledObject(more) && !isFilledObject(patterns);
}

const isFilledObject = (value: unknown): boolean => isObject(value) && Object.keys(value).length > 0;

/** Returns a schema and all schemas inside it. */
function subschemas(schema: JsonObject): readonly JsonObject[] {
  const found: JsonObject[] = [schema];
  for (const each of found) {
    for (const [name, value] of Object.entries(each)) {
      for (const held of heldBy(name, value)) if (isObject(held)) found.push(held);
    }
  }
  return found;
}

function heldBy(name: string, value: unknown): readonly unknown[] {
  if (named.has(name)) return isObject(value) ? Object.values(value) : [];
  if (listed.has(name)) return Array.isArray(value) ? value : [];
  return name === 'items' ? [value] : [];
}

/** A longer chain of references counts as endless recursion. */
const mostSteps = 200;

/** Returns whether a schema refers back to itself. */
function isRecursive(schema: JsonObject): boolean {
  const open = new Set<JsonObject>();
  const done = new Set<JsonObject>();

  function leadsBack(from: JsonObject): boolean {
    if (done.has(from)) return false;
    if (open.has(from) || open.size > mostSteps) return true;
    open.add(from);
    const isBack = targetsIn(from, schema).some(leadsBack);
    open.delete(from);
    done.add(from);
    return isBack;
  }

  return targetsIn(schema, schema).some(leadsBack);
}

const targetsIn = (part: JsonObject, root: JsonObject): readonly JsonObject[] =>
  subschemas(part)
    .map(({ $ref: ref }) => (typeof ref === 'string' ? resolve(root, ref) : undefined))
    .filter((target) => target !== undefined);

/** Returns the schema to which a reference such as `#/$defs/place` points. */
function resolve(schema: JsonObject, ref: string): JsonObject | undefined {
  let value: unknown = schema;
  for (const step of ref.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return isObject(value) ? value : undefined;
}
