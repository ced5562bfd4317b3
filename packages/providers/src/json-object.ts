import { respell } from '@sluice/protocol';
import { parsePlainJson, parseProviderJson } from './parse-text.ts';

/** A JSON object whose members are not validated. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Returns whether a value is null, undefined, an empty text or an empty list. */
export const saysNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Returns whether an object has content in members other than these. */
export function saysMoreThan(members: ReadonlySet<string>, object: JsonObject): boolean {
  for (const name of Object.keys(object)) if (!members.has(name) && !saysNothing(object[name])) return true;
  return false;
}

/**
 * Returns the object with changed members; returns the same object if they already have these values, so that the
 * caller can detect that nothing changed. A member set to undefined is omitted from JSON.
 */
export function amend(object: JsonObject, members: JsonObject): JsonObject {
  const isAsWanted = Object.keys(members).every((name) => Object.is(object[name], members[name]));
  return isAsWanted ? object : respell({ ...object, ...members });
}

/** Returns the list with amended items; returns the same list if no item changed. */
export function amendEach(
  list: readonly unknown[],
  amendItem: (item: JsonObject, at: number) => unknown,
): readonly unknown[] {
  const amended = list.map((item, at) => (isObject(item) ? amendItem(item, at) : item));
  return amended.every((item, at) => item === list[at]) ? list : amended;
}

/** Does the same as {@link parseObject}, for objects that are not written again: unusual digits may be lost. */
export function parsePlainly(text: string): JsonObject | undefined {
  const value = parsePlainJson(text);
  return isObject(value) ? value : undefined;
}

/**
 * Parses a provider's JSON object.
 * @returns undefined if the text is not an object, or is too deep or too wide to be an answer
 */
export function parseObject(text: string): JsonObject | undefined {
  const value = parseProviderJson(text);
  return isObject(value) ? value : undefined;
}
