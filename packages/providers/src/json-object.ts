import { isEmpty, isObject, type JsonObject, respell } from '@sluice/protocol';
import { parsePlainJson, parseProviderJson } from './parse-text.ts';

/** Returns whether an object has content in members other than these. */
export function saysMoreThan(members: ReadonlySet<string>, object: JsonObject): boolean {
  for (const name of Object.keys(object)) if (!members.has(name) && !isEmpty(object[name])) return true;
  return false;
}

/**
 * Returns the object with changed members; returns the same object if they already have these values, so that the
 * caller can detect that nothing changed. A member set to undefined is omitted from JSON.
 */
export function amend<Members extends JsonObject>(object: JsonObject, members: Members): JsonObject & Members {
  return hasMembers(object, members) ? object : respell({ ...object, ...members });
}

function hasMembers<Members extends JsonObject>(object: JsonObject, members: Members): object is JsonObject & Members {
  return Object.keys(members).every((name) => Object.is(object[name], members[name]));
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
