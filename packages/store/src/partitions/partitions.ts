import { sql } from 'kysely';
import type { Db } from '../insert-rows.ts';

/** Tables that are split by time, and the span of a part. */
const spans = {
  ledger_requests: 'month',
  ledger_attempts: 'month',
  request_logs: 'day',
  request_bodies: 'day',
} as const;
export type PartitionedTable = keyof typeof spans;
export const partitionedTables = ['ledger_requests', 'ledger_attempts', 'request_logs', 'request_bodies'] as const;

/** Creates and drops the parts of tables that are split by time. Remembers the parts that are there. */
export interface Partitions {
  /** Creates the parts for these times. */
  cover(table: PartitionedTable, times: readonly Date[]): Promise<void>;
  /** Drops the parts that end before this time; returns their names. */
  drop(table: PartitionedTable, before: Date): Promise<readonly string[]>;
}

interface Part {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

/** A reader that holds a lock on the whole table must not make all others wait behind this change. */
const lockTimeout = sql`set local lock_timeout = 3000`;

/** Any number that no other program locks. */
const lockId = 1_912_210_938;

export function createPartitions(db: Db): Partitions {
  const known = new Set<string>();
  return {
    async cover(table, times) {
      const parts = new Map(times.map((time) => partOf(table, time)).map((part) => [part.name, part]));
      for (const part of parts.values()) {
        if (known.has(part.name)) continue;
        await create(db, table, part);
        known.add(part.name);
      }
    },

    async drop(table, before) {
      const names = await partsOf(db, table);
      const old = names.filter((name) => endOf(table, name) <= before);
      for (const name of old) {
        known.delete(name);
        await db.transaction().execute(async (trx) => {
          await lockTimeout.execute(trx);
          await sql`drop table if exists ${sql.table(name)}`.execute(trx);
        });
      }
      return old;
    },
  };
}

async function create(db: Db, table: PartitionedTable, { name, from, to }: Part): Promise<void> {
  const { rows } = await sql<{ is_there: boolean }>`select to_regclass(${name}) is not null as is_there`.execute(db);
  if (rows[0]?.is_there === true) return;
  await db.transaction().execute(async (trx) => {
    await lockTimeout.execute(trx);
    // Two at once would fail in spite of `if not exists`.
    await sql`select pg_advisory_xact_lock(${lockId})`.execute(trx);
    await sql`
      create table if not exists ${sql.table(name)} partition of ${sql.table(table)}
      for values from (${sql.lit(from.toISOString())}) to (${sql.lit(to.toISOString())})`.execute(trx);
  });
}

async function partsOf(db: Db, table: PartitionedTable): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = ${table}::regclass`.execute(db);
  return rows.map(({ name }) => name);
}

function partOf(table: PartitionedTable, time: Date): Part {
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  const [from, to] =
    spans[table] === 'day'
      ? [Date.UTC(year, month, day), Date.UTC(year, month, day + 1)]
      : [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)];
  const start = new Date(from);
  const digits = start.toISOString().slice(0, 10).replaceAll('-', '');
  return { name: `${table}_${digits}`, from: start, to: new Date(to) };
}

/** Returns the end of the part that has this name. */
function endOf(table: PartitionedTable, name: string): Date {
  const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
  return partOf(table, new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))).to;
}
