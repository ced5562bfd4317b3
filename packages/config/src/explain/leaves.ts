import { formatPath } from '../config-error.ts';

export type Path = readonly (string | number)[];

/** A setting with a value, not with further settings. */
export interface Leaf {
  readonly path: Path;
  readonly value: unknown;
}

/** Returns the values of a tree by their paths, in the order of the tree. A list without mappings is a value. */
export function leavesOf(tree: unknown): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  function walk(value: unknown, path: Path): void {
    if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
      for (const [at, item] of value.entries()) walk(item, [...path, at]);
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, part] of Object.entries(value)) walk(part, [...path, name]);
    } else if (value !== undefined) leaves.set(nameOf(path), { path, value });
  }
  walk(tree, []);
  return leaves;
}

/** Returns a path as text: `keys[0].limits.rpm`. */
export const nameOf = (path: Path): string => formatPath(path);

/** Returns the name of a path in the docs: `keys[].limits.rpm`. */
export const kindOf = (path: Path): string => nameOf(path).replaceAll(/\[\d+\]/g, '[]');
