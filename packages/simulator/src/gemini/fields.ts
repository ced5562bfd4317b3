import type { Failure } from '../server/provider.ts';
import { invalidArgument } from './errors.ts';

/** A JSON object whose members are not validated. */
export type Fields = Readonly<Record<string, unknown>>;

/** Parses a body as an object; returns undefined if it is not a JSON object. */
export function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the object, or an empty one for other values. */
export const asObject = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const asList = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(asObject) : []);

/** Refuses an object with an unknown member. */
export function unknownField(fields: Fields, names: readonly string[], at = ''): Failure | undefined {
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown === undefined) return undefined;
  const place = at === '' ? '' : ` at '${at}'`;
  return invalidArgument(`Invalid JSON payload received. Unknown name "${unknown}"${place}: Cannot find field.`);
}
