import type { z } from 'zod';

/** A finding of a check over several fields. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Adds a check over several fields. It runs even if some of them are wrong, so that all problems are told at once: it
 * gets the value as it came, and must trust nothing.
 */
export function across<Schema extends z.ZodType>(schema: Schema, find: (value: unknown) => Iterable<Finding>): Schema {
  return schema.superRefine(
    (value, context) => {
      for (const { path, message } of find(value)) context.addIssue({ code: 'custom', path: [...path], message });
    },
    { when: () => true },
  );
}

/** A field of what may be a mapping. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** The items of what may be a list, each with its place. */
export function itemsOf(value: unknown): (readonly [at: number, item: unknown])[] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

/** Finds items that say the same as an earlier one. Items without a name are passed over. */
export function* findRepeated({
  list,
  nameOf,
  field,
  message,
}: {
  readonly list: unknown;
  readonly nameOf: (item: unknown) => string | undefined;
  /** The place in the item to point to. */
  readonly field: readonly string[];
  /** @param first place of the earlier one */
  readonly message: (first: number) => string;
}): Iterable<Finding> {
  const seen = new Map<string, number>();
  for (const [at, item] of itemsOf(list)) {
    const name = nameOf(item);
    if (name === undefined) continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, at);
    else yield { path: [at, ...field], message: message(first) };
  }
}

/** For {@link findRepeated}: a text field of the item. */
export const textField =
  (name: string) =>
  (item: unknown): string | undefined => {
    const value = fieldOf(item, name);
    return typeof value === 'string' ? value : undefined;
  };

/** Two numbers of which the first must not be above the second. */
export interface Bounds {
  readonly value: unknown;
  readonly lower: string;
  readonly upper: string;
  /** The value that counts for a field that is not there; undefined = then nothing is wrong. */
  readonly otherwise?: Readonly<Record<string, number>>;
}

/** Finds a lower bound above its upper one, and points to the one that was written. */
export function* findReversed({ value, lower, upper, otherwise = {} }: Bounds): Iterable<Finding> {
  const [low, high] = [lower, upper].map((name) => fieldOf(value, name) ?? otherwise[name]);
  if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return;
  yield fieldOf(value, lower) === undefined
    ? { path: [upper], message: `must not be below ${lower}, which is ${low}` }
    : { path: [lower], message: `must not be above ${upper}, which is ${high}` };
}
