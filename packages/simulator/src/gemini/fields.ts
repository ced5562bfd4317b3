import type { Failure } from '../server/provider.ts';
import { invalidArgument } from './errors.ts';

/** A JSON object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The object of a body; undefined where it is none, or no JSON. */
export function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** An object without members where there is none. */
export const asObject = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const asList = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(asObject) : []);

/** Refuses an object with a member that the API does not know. */
export function unknownField(fields: Fields, names: readonly string[], at = ''): Failure | undefined {
  const unknown = Object.keys(fields).find((name) => !names.includes(name));
  if (unknown === undefined) return undefined;
  const place = at === '' ? '' : ` at '${at}'`;
  return invalidArgument(`Invalid JSON payload received. Unknown name "${unknown}"${place}: Cannot find field.`);
}
