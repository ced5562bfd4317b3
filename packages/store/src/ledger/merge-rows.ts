export interface MergeNeeds<Row> {
  /** Rows that arrive; the same id may be there several times. */
  readonly arrived: readonly Row[];
  /** Rows of these ids that the database has. */
  readonly existing: readonly Row[];
  /** The higher rank stays; of equal ones, the one that was there first. */
  readonly rankOf: (row: Row) => number;
}

export interface Merge<Row> {
  readonly added: readonly Row[];
  /** Existing rows that rows of `added` replace. */
  readonly replaced: readonly Row[];
}

/** Decides which rows the database gets, so that each id has one, the best. */
export function mergeRows<Row extends { readonly id: string }>(needs: MergeNeeds<Row>): Merge<Row> {
  const { arrived, existing, rankOf } = needs;
  const present = new Map(existing.map((row) => [row.id, row]));
  const best = new Map<string, Row>();
  for (const row of arrived) {
    const rival = best.get(row.id) ?? present.get(row.id);
    if (rival === undefined || rankOf(row) > rankOf(rival)) best.set(row.id, row);
  }
  return { added: [...best.values()], replaced: existing.filter(({ id }) => best.has(id)) };
}
