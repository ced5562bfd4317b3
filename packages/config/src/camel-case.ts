/** A setting's name in `Config`: `max_body_bytes` becomes `maxBodyBytes`. */
export type CamelCase<Name extends PropertyKey> = Name extends `${infer Word}_${infer Rest}`
  ? `${Word}${Capitalize<CamelCase<Rest>>}`
  : Name;

/** A tree of settings with each name in camel case, deeply readonly. A setting that is not set is absent. */
export type CamelCased<Tree> = Tree extends readonly (infer Item)[]
  ? readonly CamelCased<Item>[]
  : Tree extends object
    ? { readonly [Name in keyof Tree as CamelCase<Name>]: CamelCased<Exclude<Tree[Name], undefined>> }
    : Tree;

/** Returns names of settings in camel case. Dots and brackets of a path stay. */
export const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Returns a copy of a tree of settings with each name in camel case. Undefined settings are left out, so that defaults of
 * another tree apply when the two are combined.
 *
 * @param tree without mappings whose names the operator chooses, such as headers
 */
export function camelCased<Tree>(tree: Tree): CamelCased<Tree>;
export function camelCased(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map((item: unknown) => camelCased(item));
  if (typeof tree !== 'object' || tree === null) return tree;
  const known = Object.entries(tree).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [camelCase(name), camelCased<unknown>(value)]));
}
