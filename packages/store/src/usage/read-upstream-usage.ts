import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables.ts';
import { startOf } from './usage-changes.ts';

export interface UpstreamUsageQuery {
  /** Milliseconds since 1970; rounded down to the start of its hour. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Usage of a model of an upstream with one credential, as its attempts tell it. */
export interface UpstreamUsage {
  readonly upstream: string;
  readonly model: string;
  readonly credential: string;
  readonly attempts: number;
  readonly failed: number;
  readonly fresh: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  readonly costMicros: number;
  readonly providerCostMicros: number;
}

/** Sums the attempts of each upstream, model and credential, the dearest first. */
export async function readUpstreamUsage(
  db: Kysely<Tables>,
  { from, to }: UpstreamUsageQuery,
): Promise<readonly UpstreamUsage[]> {
  const { rows } = await sql<UpstreamUsage>`
    select upstream, model, credential, sum(attempts)::bigint as attempts, sum(failed)::bigint as failed,
      sum(fresh_tokens)::bigint as fresh, sum(cache_read_tokens)::bigint as "cacheRead",
      sum(cache_write_tokens)::bigint as "cacheWrite", sum(output_tokens)::bigint as output,
      sum(reasoning_tokens)::bigint as reasoning, sum(cost_micros)::bigint as "costMicros",
      sum(provider_cost_micros)::bigint as "providerCostMicros"
    from usage_attempts
    where period = 'hour' and starts_at >= ${startOf('hour', new Date(from))} and starts_at < ${new Date(to)}
    group by upstream, model, credential
    having sum(attempts) > 0
    order by sum(cost_micros) desc`.execute(db);
  return rows;
}
