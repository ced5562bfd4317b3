import { readChecklist } from './read-checklist.ts';

/** Returns a row of the checklist as one line: number, sentence, and its lines in the README. */
export function describeRow(id: string): string {
  for (const { profile, rows } of readChecklist()) {
    const row = rows.find((each) => each.id === id);
    if (row !== undefined) return `${id} ${row.promise} (README of ${profile}, ${linesOf(row.lines)})`;
  }
  return `${id} is not in packages/testkit/checklist`;
}

const linesOf = (lines: string): string => `${/^\d+$/.test(lines) ? 'line' : 'lines'} ${lines}`;
