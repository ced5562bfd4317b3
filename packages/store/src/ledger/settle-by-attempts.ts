import { sql, type Transaction } from 'kysely';
import { insertRows } from '../insert-rows.ts';
import type { RequestRow, Tables } from '../tables.ts';
import { addSums } from '../usage/add-sums.ts';
import { requestChanges } from '../usage/usage-changes.ts';

export interface SettledSpan {
  /** Span of the times at which the requests were accepted. */
  readonly from: Date;
  readonly to: Date;
}

/**
 * Gives requests that the fleet has settled the cost of their attempts, as far as these are known: the fleet knows only what was
 * reserved for the longest answer. Returns the rows that have another cost now.
 */
export async function settleByAttempts(
  trx: Transaction<Tables>,
  requestIds: readonly string[],
  { from, to }: SettledSpan,
): Promise<readonly RequestRow[]> {
  const settled = await trx
    .selectFrom('ledger_requests')
    .selectAll()
    .where('id', '=', sql<string>`any(${requestIds})`)
    .where('settled_by', '=', 'fleet')
    .where('accepted_at', '>=', from)
    .where('accepted_at', '<=', to)
    .execute();
  if (settled.length === 0) return [];
  const sums = await trx
    .selectFrom('ledger_attempts')
    .select(['request_id', sql<number>`sum(cost_micros)::bigint`.as('cost_micros')])
    .where('request_id', '=', sql<string>`any(${settled.map(({ id }) => id)})`)
    .where('started_at', '>=', from)
    .where('started_at', '<=', to)
    .groupBy('request_id')
    .execute();
  const costOf = new Map(sums.map(({ request_id: id, cost_micros: cost }) => [id, cost]));
  const replaced = settled.filter(({ id, cost_micros: cost }) => (costOf.get(id) ?? cost) !== cost);
  const added = replaced.map((row) => ({ ...row, cost_micros: costOf.get(row.id) ?? row.cost_micros }));
  for (const { accepted_at, id } of replaced) {
    await trx.deleteFrom('ledger_requests').where('accepted_at', '=', accepted_at).where('id', '=', id).execute();
  }
  await insertRows(trx, { table: 'ledger_requests', rows: added });
  await addSums(trx, 'usage_requests', requestChanges({ added, replaced }));
  return added;
}
