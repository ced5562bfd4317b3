/**
 * Returns a table as CSV (RFC 4180). A text that a spreadsheet would run as a formula begins with an apostrophe instead:
 * names of models and tags come from clients (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function toCsv(columns: readonly string[], rows: readonly Readonly<Record<string, string | number>>[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))];
  return lines.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

/** Spreadsheets skip spaces in front of a formula. */
const formulaStart = /^[\s\0]*[=+\-@|%]|^[\t\r\n]/;

function cellOf(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const harmless = formulaStart.test(value) ? `'${value}` : value;
  return /[",\r\n;\t]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
