import type { Kysely } from 'kysely';
import { insertRows } from '../insert-rows.ts';
import type { AttemptSums, RequestSums, Tables, UpstreamUsageRow, UsageRow } from '../tables.ts';

type Sums = {
  usage_requests: UsageRow & RequestSums;
  usage_attempts: UpstreamUsageRow & AttemptSums;
};

const places: { readonly [Table in keyof Sums]: readonly string[] } = {
  usage_requests: ['period', 'dimension', 'starts_at', 'label', 'key_id', 'team_id', 'owner', 'model', 'upstream'],
  usage_attempts: ['period', 'starts_at', 'upstream', 'model', 'credential'],
};

/** Adds to the sums of usage; sums that are not there yet begin at zero. */
export async function addSums<Table extends keyof Sums>(
  db: Kysely<Tables>,
  table: Table,
  rows: readonly Sums[Table][],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const place = places[table];
  const numbers = Object.keys(first).filter((name) => !place.includes(name));
  const sets = numbers.map((name) => `${name} = ${table}.${name} + excluded.${name}`);
  await insertRows(db, { table, rows, conflict: `on conflict (${place.join(', ')}) do update set ${sets.join(', ')}` });
}
