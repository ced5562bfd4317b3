import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rootUrl } from './read-checklist.ts';

/** The rows that tests name, with the files of those tests. */
export type CarriedRows = ReadonlyMap<string, readonly string[]>;

const number = /(\d{3})-(\d{2})/;

/** Returns the rows that a text names, as in `000-23 to 000-27, 001-16`. */
export function rowsIn(text: string): string[] {
  return text.split(',').flatMap((piece) => {
    const [first, last] = piece.split(' to ').map((end) => number.exec(end));
    if (!first) return [];
    const [, seed, from] = first;
    const length = last ? Number(last[2]) - Number(from) + 1 : 1;
    return Array.from({ length }, (_, at) => `${seed}-${String(Number(from) + at).padStart(2, '0')}`);
  });
}

/** Finds the rows that tests name, as `verifies('001-25')` or as "(row 001-25)" in their title. */
export function findCarriedRows(): CarriedRows {
  const files = globSync('{packages,services}/*/test/**/*.test.ts', { cwd: fileURLToPath(rootUrl) })
    .map((file) => file.replaceAll('\\', '/'))
    // The tests of this package name rows only to test `verifies`.
    .filter((file) => !file.startsWith('packages/testkit/') && !file.includes('node_modules'))
    .sort();
  const carried = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(new URL(file, rootUrl), 'utf8');
    const named = [...text.matchAll(/(?:\bverifies\(|\(rows? )([^)]*)\)/g)].flatMap(({ 1: rows = '' }) => rowsIn(rows));
    for (const row of new Set(named)) carried.set(row, [...(carried.get(row) ?? []), file]);
  }
  return carried;
}
