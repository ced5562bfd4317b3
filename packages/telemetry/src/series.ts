/** Cells of one metric, one per combination of label values that has occurred. */
export interface Series<Cell> {
  /** Returns the cell for these values, in the order of the labels. Allocates only for a new combination. */
  at(a?: string, b?: string, c?: string, d?: string): Cell;
  all(): Iterable<{ readonly labels: Readonly<Record<string, string>>; readonly cell: Cell }>;
  clear(): void;
}

/** Values of a label, each with a number. */
interface LabelSet {
  readonly size: number;
  indexOf(value: string | undefined): number;
  valueAt(index: number): string;
}

const unknown = 'other';
const absent = 'none';

/**
 * Creates the cells of a metric with up to four labels. An unlisted value counts as `other` and an absent one as
 * `none`, so clients cannot increase the number of cells.
 */
export function createSeries<Cell>(
  labels: Readonly<Record<string, readonly string[]>>,
  createCell: () => Cell,
): Series<Cell> {
  const sets = Object.entries(labels).map(([name, values]) => ({ name, ...createLabelSet(values) }));
  const [first, second, third, fourth] = sets;
  const entries = new Map<number, { readonly labels: Readonly<Record<string, string>>; readonly cell: Cell }>();

  function create(index: number, values: readonly (string | undefined)[]): Cell {
    const labelsOfCell = sets.map((set, at) => [set.name, set.valueAt(set.indexOf(values[at]))] as const);
    const cell = createCell();
    entries.set(index, { labels: Object.fromEntries(labelsOfCell), cell });
    return cell;
  }

  return {
    at(a, b, c, d) {
      let index = first === undefined ? 0 : first.indexOf(a);
      if (second !== undefined) index = index * second.size + second.indexOf(b);
      if (third !== undefined) index = index * third.size + third.indexOf(c);
      if (fourth !== undefined) index = index * fourth.size + fourth.indexOf(d);
      return entries.get(index)?.cell ?? create(index, [a, b, c, d]);
    },
    all: () => entries.values(),
    clear: () => entries.clear(),
  };
}

function createLabelSet(values: readonly string[]): LabelSet {
  const all = [...new Set([...values, unknown, absent])];
  const indexes = new Map(all.map((value, index) => [value, index]));
  const unknownIndex = all.indexOf(unknown);
  const absentIndex = all.indexOf(absent);
  return {
    size: all.length,
    indexOf: (value) => (value === undefined ? absentIndex : (indexes.get(value) ?? unknownIndex)),
    valueAt: (index) => all[index] ?? unknown,
  };
}
