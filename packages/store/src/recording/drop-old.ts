import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { PartitionedTable, Partitions } from '../partitions/partitions.ts';
import { dropOldResponses } from '../responses/responses.ts';
import type { Tables } from '../tables.ts';

const dayMs = 86_400_000;

/** Times for which records are kept. */
export interface Retention {
  /** Request log. */
  readonly logDays: number;
  /** Bodies of requests and answers. */
  readonly bodyDays: number;
  /** Ledger, and usage by hour, tag and session. Usage by day stays: budgets without an end are counted from it. */
  readonly ledgerMonths: number;
}

/** Drops what is older than its time. Returns the names of the dropped parts of tables. */
export async function dropOld(
  { db, partitions, at }: { readonly db: Kysely<Tables>; readonly partitions: Partitions; readonly at: Date },
  { logDays, bodyDays, ledgerMonths }: Retention,
): Promise<readonly string[]> {
  const ledgerStart = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - ledgerMonths, 1));
  const starts: readonly (readonly [PartitionedTable, Date])[] = [
    ['request_logs', new Date(at.getTime() - logDays * dayMs)],
    ['request_bodies', new Date(at.getTime() - bodyDays * dayMs)],
    ['ledger_requests', ledgerStart],
    ['ledger_attempts', ledgerStart],
  ];
  const dropped: string[] = [];
  for (const [table, before] of starts) dropped.push(...(await partitions.drop(table, before)));
  for (const [period, dimension] of shortLived) {
    const which = sql`period = ${period} and dimension = ${dimension}`;
    await deleteInParts(db, { table: 'usage_requests', which, before: ledgerStart });
  }
  await deleteInParts(db, { table: 'usage_attempts', which: sql`period = 'hour'`, before: ledgerStart });
  await dropOldResponses(db);
  await sql`delete from skipped_entries where skipped_at < ${ledgerStart}`.execute(db);
  return dropped;
}

/** Sums of usage that go with the ledger. */
const shortLived = [
  ['hour', 'all'],
  ['hour', 'tag'],
  ['hour', 'session'],
  ['day', 'tag'],
  ['day', 'session'],
] as const;

/** Rows of one statement: a month of sessions may be millions, and a statement that times out deletes none. */
const mostRows = 10_000;

interface Deleted {
  readonly table: 'usage_requests' | 'usage_attempts';
  readonly which: RawBuilder<unknown>;
  readonly before: Date;
}

async function deleteInParts(db: Kysely<Tables>, { table, which, before }: Deleted): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ctid = any(array(
        select ctid from ${sql.table(table)} where ${which} and starts_at < ${before} limit ${mostRows}
      ))`.execute(db);
    if (numAffectedRows < mostRows) return;
  }
}
