import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of a file or folder of the repository, the same from `src` and from `dist`. */
export const inRepository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Reads a file of the repository. */
export const readRepositoryFile = (path: string): string => readFileSync(inRepository(path), 'utf8');
