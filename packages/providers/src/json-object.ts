import { respell } from '@sluice/protocol';
import { parseProviderJson, parseProviderJsonPlainly } from './parse-text.ts';

/** A JSON object of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Null, nothing, or an empty text or list. */
export const saysNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Returns whether an object says anything in other members than these. */
export function saysMoreThan(members: ReadonlySet<string>, object: JsonObject): boolean {
  for (const name of Object.keys(object)) if (!members.has(name) && !saysNothing(object[name])) return true;
  return false;
}

/**
 * Returns the object with other members; the very same object if they are as wanted already, so that the caller can see
 * that nothing has changed. A member that is set to undefined does not get into JSON.
 */
export function amend(object: JsonObject, members: JsonObject): JsonObject {
  const isAsWanted = Object.keys(members).every((name) => Object.is(object[name], members[name]));
  return isAsWanted ? object : respell({ ...object, ...members });
}

/** The list with its items amended; the very same list where none had to be. */
export function amendEach(
  list: readonly unknown[],
  amendItem: (item: JsonObject, at: number) => unknown,
): readonly unknown[] {
  const amended = list.map((item, at) => (isObject(item) ? amendItem(item, at) : item));
  return amended.every((item, at) => item === list[at]) ? list : amended;
}

/** {@link parseObject} for an object of which nothing is written again: its digits may be lost. */
export function parsePlainly(text: string): JsonObject | undefined {
  const value = parseProviderJsonPlainly(text);
  return isObject(value) ? value : undefined;
}

/** A provider's JSON object. @returns undefined for what is none, or too deep or too wide to be an answer */
export function parseObject(text: string): JsonObject | undefined {
  const value = parseProviderJson(text);
  return isObject(value) ? value : undefined;
}
