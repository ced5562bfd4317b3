import type { BudgetScope } from '@sluice/records';
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables.ts';
import { startOf } from './usage-changes.ts';

/** Money (micro-dollars) that a key or team has spent: on the UTC day, in the UTC month, and in all. */
export interface Spend {
  readonly id: string;
  readonly day: number;
  readonly month: number;
  readonly total: number;
}

export interface SpendQuery {
  readonly scope: BudgetScope;
  /** Default: all. */
  readonly ids?: readonly string[];
  /** Time whose day and month count; milliseconds since 1970. */
  readonly at: number;
}

/** Sums what was spent, from the daily sums. Those that have spent nothing are left out. */
export async function readSpend(db: Kysely<Tables>, { scope, ids, at }: SpendQuery): Promise<readonly Spend[]> {
  const now = new Date(at);
  const day = startOf('day', now);
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const owner = sql.ref(scope === 'key' ? 'key_id' : 'team_id');
  const { rows } = await sql<Spend>`
    select ${owner} as id,
      coalesce(sum(cost_micros) filter (where starts_at = ${day}), 0)::bigint as day,
      coalesce(sum(cost_micros) filter (where starts_at >= ${month}), 0)::bigint as month,
      sum(cost_micros)::bigint as total
    from usage_requests
    where period = 'day' and dimension = 'all' and ${owner} <> ''
      ${ids === undefined ? sql`` : sql`and ${owner} = any(${[...ids]})`}
    group by ${owner}
    having sum(cost_micros) > 0`.execute(db);
  return rows;
}
