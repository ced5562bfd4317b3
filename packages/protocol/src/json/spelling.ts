import { markNumber } from './marks.ts';

/*
 * Numbers such as 1.0 and 1e2 remain numbers for the code that reads them. Their spelling is stored in the same object,
 * under a symbol that spreading copies; a number whose value is unchanged is written in that spelling.
 */
const spellings = Symbol('spellings');

type Spellings = ReadonlyMap<string, string>;

const spelledObject: object = Object.create(Object.prototype, { toJSON: { value: toJson } });
const spelledArray: object = Object.create(Array.prototype, { toJSON: { value: toJson } });

/** True within {@link writeSpelled}; at other times `JSON.stringify` writes plain numbers. */
let isWriting = false;

/** Makes an object or array write its numbers in their original spelling. */
export function keepSpellings(container: object, sources: Spellings): void {
  Object.defineProperty(container, spellings, { value: sources, enumerable: true, configurable: true });
  respell(container);
}

/**
 * Makes the copy of an object write its numbers as the original does. Call it after spreading members of a parsed
 * object into a new one; without it values stay and spellings become JavaScript's.
 *
 * @param original needed if the copy was not made by spreading
 */
export function respell<Copy extends object>(copy: Copy, original?: object): Copy {
  const sources: unknown = original === undefined ? undefined : Reflect.get(original, spellings);
  if (sources instanceof Map) keepSpellings(copy, sources as Spellings);
  if (spellings in copy) Object.setPrototypeOf(copy, Array.isArray(copy) ? spelledArray : spelledObject);
  return copy;
}

/** Writes JSON, with marked numbers where their original spelling differs. */
export function writeSpelled(value: unknown): string {
  const wasWriting = isWriting;
  isWriting = true;
  try {
    return JSON.stringify(typeof value === 'object' && value !== null ? respell(value) : value);
  } finally {
    isWriting = wasWriting;
  }
}

function toJson(this: object): object {
  const sources: unknown = Reflect.get(this, spellings);
  if (!isWriting || !(sources instanceof Map)) return this;
  const copy: object = Array.isArray(this) ? [...(this as readonly unknown[])] : { ...this };
  for (const [name, source] of sources as Spellings) {
    if (Object.hasOwn(this, name) && Object.is(Reflect.get(this, name), Number(source))) {
      Object.defineProperty(copy, name, { value: markNumber(source), enumerable: true });
    }
  }
  return copy;
}
