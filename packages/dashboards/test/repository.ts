import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);

/** Returns the text of a file of the repository. */
export const readText = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** Returns the names of the files in a folder of the repository. */
export const filesIn = (path: string): string[] => readdirSync(fileURLToPath(new URL(path, root)));

/** Returns the code words in a column of those tables of `docs/tracing.md` that begin with `header`. */
export function wordsOfTracing(header: string, column: number): Set<string> {
  const lines = readText('docs/tracing.md').split('\n');
  const words = new Set<string>();
  lines.forEach((line, at) => {
    if (!new RegExp(`^\\| ${header} +\\|`).test(line)) return;
    for (let row = at + 2; lines[row]?.startsWith('|') === true; row++) {
      const cell = lines[row]?.split('|')[column] ?? '';
      for (const [, word = ''] of cell.matchAll(/`([^`]+)`/g)) words.add(word);
    }
  });
  return words;
}
