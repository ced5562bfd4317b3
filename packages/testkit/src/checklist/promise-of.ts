import { readChecklist } from './read-checklist.ts';
import type { Row } from './row.ts';

/**
 * Returns a promise of the gateways' READMEs by its number.
 * @throws Error when no row has the number
 */
export function promiseOf(id: string): Row {
  const row = readChecklist()
    .flatMap((seed) => seed.rows)
    .find((row) => row.id === id);
  if (row === undefined) throw new Error(`The checklist has no row ${id}.`);
  return row;
}
