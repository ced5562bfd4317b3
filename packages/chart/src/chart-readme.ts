import type { ValueRow } from './values-table.ts';

const marks = ['<!-- values: made by npm run generate -w @sluice/chart -->', '<!-- /values -->'] as const;

/** Inserts the table of values between its two marks. */
export function withValues(readme: string, rows: readonly ValueRow[]): string {
  const [begin, end] = marks.map((mark) => readme.indexOf(mark));
  if (begin === undefined || end === undefined || begin === -1 || end < begin) {
    throw new Error(`the README of the chart has lost its marks: ${marks.join(' … ')}`);
  }
  return `${readme.slice(0, begin)}${marks[0]}\n\n${table(rows)}\n\n${readme.slice(end)}`;
}

/** Returns a table with padded columns, as the formatter of this repository writes it. */
function table(rows: readonly ValueRow[]): string {
  const cells = [
    ['Value', 'Default', 'Meaning'],
    ...rows.map(({ path, fallback, meaning }) => [`\`${path}\``, `\`${fallback}\``, meaning]),
  ].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], filler: string): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width, filler)).join(' | ')} |`;
  const [head = [], ...others] = cells;
  return [line(head, ' '), line([], '-'), ...others.map((row) => line(row, ' '))].join('\n');
}
