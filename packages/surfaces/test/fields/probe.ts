import { isObject, type JsonObject } from '@sluice/protocol';

/** A field of a request with a valid value that asks for more than the default. */
export interface Probe {
  /** Place of the field in the request: `tools[0].function.strict`. */
  readonly at: string;
  readonly value: unknown;
  /** Another value, for a field that a request needs. Undefined: the request without the field is compared. */
  readonly other?: unknown;
  /** Rest of the request. */
  readonly in: JsonObject;
  /** Name in the table, where the place alone does not tell it. Default: the place without indices. */
  readonly name?: string;
}

type Step = string | number;

/** Reads a place: `tools[0].name`. */
const stepsOf = (at: string): readonly Step[] =>
  at
    .split(/[.[\]]/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));

export const nameOf = ({ at, name }: Probe): string => name ?? withoutIndices(at);

export const withoutIndices = (at: string): string => at.replaceAll(/\[\d+\]/g, '');

/** Returns the last name of a place; undefined for an entry of a list. */
export function leafOf({ at }: Probe): string | undefined {
  const leaf = stepsOf(at).at(-1);
  return typeof leaf === 'string' ? leaf : undefined;
}

/** Returns the request with the field. */
export const withField = ({ at, value, in: rest }: Probe): JsonObject => put(rest, stepsOf(at), value) as JsonObject;

/** Returns the request with the field's other value, or without the field. */
export const withoutField = ({ at, other, in: rest }: Probe): JsonObject => put(rest, stepsOf(at), other) as JsonObject;

/** Returns a copy with a value at a place; undefined removes the place. */
function put(value: unknown, [step, ...rest]: readonly Step[], given: unknown): unknown {
  if (step === undefined) return given;
  if (typeof step === 'number') {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    const inner = put(items[step], rest, given);
    if (inner === undefined) return items.filter((_item, at) => at !== step);
    return step < items.length ? items.map((item, at) => (at === step ? inner : item)) : [...items, inner];
  }
  const object = isObject(value) ? value : {};
  const { [step]: old, ...others } = object;
  const inner = put(old, rest, given);
  return inner === undefined ? others : { ...object, [step]: inner };
}
