import type { JsonObject } from '@sluice/protocol';

/** Names of fields that a translation leaves out, without the indices of lists: `tools.defer_loading`. */
export interface Dropped {
  add(name: string): void;
  /** Adds the members of an object that are not in a list of known ones and hold a value. */
  rest(object: object, known: ReadonlySet<string>, prefix: string): void;
  names(): readonly string[];
}

/** Further names are not listed: a request may have a million. */
const mostNames = 20;
const longestName = 64;

export function createDropped(): Dropped {
  const names = new Set<string>();
  function add(name: string): void {
    if (names.size < mostNames && /^[\w.-]+$/.test(name)) names.add(name.slice(0, longestName));
  }
  return {
    add,
    rest(object, known, prefix) {
      for (const [name, value] of Object.entries(object as JsonObject)) {
        if (value != null && value !== false && !known.has(name)) add(`${prefix}${name}`);
      }
    },
    names: () => [...names],
  };
}
