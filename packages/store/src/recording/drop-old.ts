import type { Kysely } from 'kysely';
import type { PartitionedTable, Partitions } from '../partitions/partitions.ts';
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
  await db
    .deleteFrom('usage_requests')
    .where('starts_at', '<', ledgerStart)
    .where((is) => is.or([is('period', '=', 'hour'), is('dimension', '<>', 'all')]))
    .execute();
  await db.deleteFrom('usage_attempts').where('starts_at', '<', ledgerStart).where('period', '=', 'hour').execute();
  return dropped;
}
