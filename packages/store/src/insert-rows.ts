import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** The database, or a transaction in it. */
export type Db = Kysely<Tables> | Transaction<Tables>;

/**
 * Inserts rows with one parameter, however many there are: PostgreSQL takes at most 65,535 parameters, and kysely's own way
 * costs time for each. All rows have the same columns.
 */
export async function insertRows(
  db: Db,
  {
    table,
    rows,
    conflict,
  }: { readonly table: keyof Tables; readonly rows: readonly object[]; readonly conflict?: string },
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = sql.join(Object.keys(first).map((name) => sql.ref(name)));
  await sql`
    insert into ${sql.table(table)} (${columns})
    select ${columns} from json_populate_recordset(null::${sql.table(table)}, ${toJson(rows)}::json)
    ${sql.raw(conflict ?? '')}`.execute(db);
}

/** Text that PostgreSQL refuses: a zero byte, or half of a surrogate pair. */
const unfit = /\\u(0000|d[89a-f])/i;

/** Returns JSON that PostgreSQL takes: without zero bytes, and with U+FFFD for half of a character. */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  return unfit.test(text) ? JSON.stringify(value, mend) : text;
}

const mend = (_name: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value;
