import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables.ts';

/** Span of time in which requests were recorded. */
export interface RecordedSpan {
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
}

/** Two processes tell the times of a request and of its attempts; their clocks differ. */
const slack = sql`interval '1 day'`;

/**
 * Counts the requests whose cost is not the sum of the costs of their attempts. Those with an estimated part are left out:
 * their request and attempt are counted by two processes.
 */
export async function countImbalances(db: Kysely<Tables>, { from, to }: RecordedSpan): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count
    from ledger_requests requests
    cross join lateral (
      select coalesce(sum(cost_micros), 0) as cost_micros, coalesce(bool_or(estimated), false) as estimated
      from ledger_attempts
      where request_id = requests.id
        -- Without these, each request is looked up in the attempts of every month.
        and started_at >= requests.accepted_at - ${slack} and started_at <= requests.ended_at + ${slack}
    ) attempts
    where requests.recorded_at >= ${from} and requests.recorded_at < ${to}
      and not requests.estimated and not attempts.estimated
      and requests.cost_micros <> attempts.cost_micros`.execute(db);
  return rows[0]?.count ?? 0;
}
