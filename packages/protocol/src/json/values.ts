/** A JSON object whose members are not validated. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns whether a value is a JSON object: neither null nor a list. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns whether a value is a text with at least one character. */
export const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Returns whether a value adds nothing to its object: undefined, null, an empty text or an empty list. */
export const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

const nothing: JsonObject = Object.freeze({});

/** Returns the value if it is a JSON object, else an object without members. */
export const membersOf = (value: unknown): JsonObject => (isObject(value) ? value : nothing);

const noItems: readonly unknown[] = Object.freeze([]);

/** Returns the value if it is a list, else a list without items. */
export const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : noItems);
