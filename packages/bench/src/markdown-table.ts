/** Returns a table in Markdown. The first row is the head; columns from `rightFrom` on are aligned to the right. */
export function markdownTable(rows: readonly (readonly string[])[], rightFrom = 1): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, at) => Math.max(3, ...rows.map((row) => row[at]?.length ?? 0)));
  const isRight = (at: number): boolean => at >= rightFrom;
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (isRight(at) ? (cells[at] ?? '').padStart(width) : (cells[at] ?? '').padEnd(width))).join(' | ')} |`;
  const rule = widths.map((width, at) => (isRight(at) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}

/** Text of a figure that is not known. */
export const unknown = '–';

/** Returns a figure with three digits. */
export function digits(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return unknown;
  return Math.abs(value) >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}

/** Returns the quotient of two figures with two decimals. */
export const ratio = (value: number | undefined, by: number | undefined): string =>
  value === undefined || by === undefined || !Number.isFinite(value / by) ? unknown : (value / by).toFixed(2);
