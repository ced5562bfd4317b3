/** Returns a table with columns of even width, as the formatter of this repository writes it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], filler: string): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width, filler)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [line(first, ' '), line([], '-'), ...others.map((row) => line(row, ' '))].join('\n');
}

/**
 * Replaces the links of a text of `docs/configuration.md`, which do not work in files of other folders: each becomes its
 * label with the path from the root of the repository, or with the URL.
 */
export const withoutLinks = (text: string): string =>
  text.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, label: string, target: string) => {
    const { protocol, pathname, href } = new URL(target, 'file:///docs/configuration.md');
    return `${label} (${protocol === 'file:' ? pathname.slice(1) : href})`;
  });

export const code = (text: string): string => `\`${text}\``;
