import { z } from 'zod';

/** More names than any provider has: routers list some hundreds. */
const mostNames = 5000;
const longestName = 200;

const namesSchema = z.array(z.string());

/** Writes the names of an upstream's models for the ingresses; those that no configuration could name are left out. */
export const writeModelNames = (names: readonly string[]): string =>
  JSON.stringify([...new Set(names)].filter(isName).slice(0, mostNames));

/** Undefined for a text that {@link writeModelNames} has not written. */
export function readModelNames(text: string): readonly string[] | undefined {
  try {
    return namesSchema.safeParse(JSON.parse(text)).data?.filter(isName);
  } catch {
    return undefined;
  }
}

const isName = (name: string): boolean => name.length <= longestName && /^[^\s\p{Cc}]+$/u.test(name);
