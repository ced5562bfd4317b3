import type { z } from 'zod';

/** A finding of a check over several fields. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Adds a check over several fields. It runs even if some of them are wrong, so that all problems are reported at once.
 * The check gets the raw value and must not rely on its shape.
 */
export function across<Schema extends z.ZodType>(schema: Schema, find: (value: unknown) => Iterable<Finding>): Schema {
  return schema.superRefine(
    (value, context) => {
      for (const { path, message } of find(value)) context.addIssue({ code: 'custom', path: [...path], message });
    },
    { when: () => true },
  );
}

/** Returns a field of a value; undefined if the value is not a mapping or lacks the field. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Returns the items of a value with their indexes; empty if the value is not a list. */
export function itemsOf(value: unknown): (readonly [at: number, item: unknown])[] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

/** Finds items with the same name as an earlier item. Items without a name are skipped. */
export function* findRepeated({
  list,
  nameOf,
  field,
  message,
}: {
  readonly list: unknown;
  readonly nameOf: (item: unknown) => string | undefined;
  /** Path within the item that a finding points to. */
  readonly field: readonly string[];
  /** @param first index of the earlier item */
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

/** Returns a `nameOf` for {@link findRepeated}: a text field of the item. */
export const textField =
  (name: string) =>
  (item: unknown): string | undefined => {
    const value = fieldOf(item, name);
    return typeof value === 'string' ? value : undefined;
  };

/** Two numbers; the first must not be above the second. */
export interface Bounds {
  readonly value: unknown;
  readonly lower: string;
  readonly upper: string;
  /** Values of absent fields; a pair with an absent field that has no value here is valid. */
  readonly otherwise?: Readonly<Record<string, number>>;
}

/** Finds a lower bound above its upper bound. The finding points to the bound that the operator wrote. */
export function* findReversed({ value, lower, upper, otherwise = {} }: Bounds): Iterable<Finding> {
  const [low, high] = [lower, upper].map((name) => fieldOf(value, name) ?? otherwise[name]);
  if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return;
  yield fieldOf(value, lower) === undefined
    ? { path: [upper], message: `must not be below ${lower}, which is ${low}` }
    : { path: [lower], message: `must not be above ${upper}, which is ${high}` };
}
