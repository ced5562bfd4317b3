import { z } from 'zod';

/** Limit on the number of names; model routers list some hundreds. */
const mostNames = 5000;
const longestName = 200;

const namesSchema = z.array(z.string());

/**
 * Encodes the names of an upstream's models for the ingresses; names that a configuration can't contain are omitted.
 */
export const writeModelNames = (names: readonly string[]): string =>
  JSON.stringify([...new Set(names)].filter(isName).slice(0, mostNames));

/** Decodes the text of {@link writeModelNames}. Returns undefined for any other text. */
export function readModelNames(text: string): readonly string[] | undefined {
  try {
    return namesSchema.safeParse(JSON.parse(text)).data?.filter(isName);
  } catch {
    return undefined;
  }
}

const isName = (name: string): boolean => name.length <= longestName && /^[^\s\p{Cc}]+$/u.test(name);
